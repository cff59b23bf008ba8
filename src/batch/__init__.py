"""Many portraits and many drivers: a manifest or two folders, worked off by one process or by many machines."""
