"""The plain backend: the modules of both models, called as they are. All others are measured against it."""
