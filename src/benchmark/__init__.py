"""Measurements of whole runs: memory, steadiness."""
