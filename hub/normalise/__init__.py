"""normalise: inbox entries to canonical events, skipped(reason) or parked(error)."""
