"""Options, and the definitions of the models."""
