"""Destinations that are declared in a file (``config/destinations/<name>.yaml``) instead of written in Python."""
