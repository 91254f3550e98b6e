"""Everything a connector may see, beside the canonical model, ``hub.mapping`` and ``hub.errors``."""
