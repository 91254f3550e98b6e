"""Hub measured beside a bare ASGI server and beside Node-RED: see ``benchmarks/README.md``."""
