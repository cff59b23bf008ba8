"""Frozen networks that were trained for something else, whose features tell how alike two pictures look."""
