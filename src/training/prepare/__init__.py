"""From a folder of videos and pictures to the training format: shots, faces, crops, meshes, figures, labels."""
