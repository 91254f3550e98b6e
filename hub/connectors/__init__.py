"""One folder per outside system, and nothing else; found by ``hub.sdk.registry``."""
