"""The HTTP service on a Ray cluster."""
