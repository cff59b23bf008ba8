"""The ONNX backend: graphs written by `export_onnx.py`, run by ONNX Runtime."""
