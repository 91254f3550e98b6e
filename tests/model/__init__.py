"""Models of protocols, explored before the protocol is built."""
