"""Measurements of what a set of weights draws: against real frames, across people, over time."""
