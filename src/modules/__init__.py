"""The neural networks: tensors in, tensors out; nothing here knows of files, pictures or devices."""
