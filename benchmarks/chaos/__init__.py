"""Attacks on a running Hub that take too long for the tests. ``python -m benchmarks.chaos`` runs them and reports."""
