"""receive → verify → store: an HTTP request becomes a durable inbox entry before it is answered."""
