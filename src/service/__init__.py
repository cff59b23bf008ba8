"""The HTTP service: uploads in, jobs in a queue, results out (docs/service.md)."""
