"""Alembic migrations, plain SQL."""
