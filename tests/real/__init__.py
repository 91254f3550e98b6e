"""Programs that nobody here wrote, run on this machine on demand: ``pytest -m real -n0 tests/real``.

Each has a script that installs it once (``tests/real/*.sh``), outside this tree; nothing here runs without being asked.
"""
