"""The compact networks: small relatives of the faithful ones that warp the picture itself."""
