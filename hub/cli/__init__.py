"""The ``hub`` command: one module per group of commands; ``app`` puts them together."""
