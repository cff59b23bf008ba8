"""The stages of one animation: source, driving, frames, output."""
