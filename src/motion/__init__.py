"""Keypoint arithmetic and the motion template: numbers only, no pictures and no networks."""
