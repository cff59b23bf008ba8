"""Command lines: parsers and main functions that the root scripts and console commands call."""
