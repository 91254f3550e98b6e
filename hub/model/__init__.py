"""The canonical model: frozen pydantic types without I/O. One module per noun."""
