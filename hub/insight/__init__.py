"""insight: what follows from the facts of golden profiles. One module per measure; pure, and asked as of a time."""
