"""Pictures, videos and sound: files to frames and back."""
