"""The training format, and what is made of it: pairs of frames, batches."""
