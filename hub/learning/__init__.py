"""learning: weights from what is stored, estimated without labels, and how good they are."""
