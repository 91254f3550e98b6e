"""Hub against programs that nobody here wrote: ``pytest -m real``, see tests/real/README.md."""
