"""Signs of life for who watches machines: a heartbeat file, and numbers for Prometheus."""
