"""enqueue → render → send → record: changed profiles reach every destination, once, whatever fails on the way."""
