"""Pure transforms shared by all connectors: vendor values to canonical ones. No I/O, no clock."""
