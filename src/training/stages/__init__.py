"""What is trained, stage by stage: the networks and their losses."""
