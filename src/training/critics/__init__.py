"""Discriminators of pictures, faces and lips, and what they and the generator strive for."""
