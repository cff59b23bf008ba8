"""Faces in pictures: detect, follow, crop, measure, paste back."""
