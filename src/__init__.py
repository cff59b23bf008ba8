"""LivePortrait, rebuilt: one portrait and one driving video in, the portrait moving like the driver out."""
