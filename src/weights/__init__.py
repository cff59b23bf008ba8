"""Weights: which files a model needs, where they lie, how they are fetched and read safely."""
