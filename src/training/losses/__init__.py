"""Losses of the training: differentiable functions of pictures, keypoints and flows, in float32 or better."""
