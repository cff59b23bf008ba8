"""Training: data, losses, stages and the loop; nothing imports it but the command line."""
