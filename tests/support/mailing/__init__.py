"""Mailing systems in memory, one module each, and what is needed to put every dialect to the same laws."""

from tests.support.mailing.double import Double, Kept, doubles
from tests.support.mailing.post import Post, before

__all__ = ["Double", "Kept", "Post", "before", "doubles"]
