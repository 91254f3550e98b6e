"""Destinations that are declared in a file (``config/destinations/<name>.yaml``) instead of written in Python."""

from hub.sdk.declared.connector import connector_of, declared, read_declaration

__all__ = ["connector_of", "declared", "read_declaration"]
