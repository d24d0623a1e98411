"""Every Prometheus metric in one table, on an injected registry."""
