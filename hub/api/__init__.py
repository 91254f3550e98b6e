"""HTTP: webhooks (straight into intake), the REST API, health and metrics."""
