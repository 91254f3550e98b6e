"""Hub against programs that nobody here wrote: ``pytest -m real``, after tests/real/setup_tryton.sh."""
