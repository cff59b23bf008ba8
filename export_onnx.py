"""Write the networks as ONNX graphs: `python export_onnx.py --help`."""

import sys

from src.cli.export_onnx import main

if __name__ == "__main__":
    sys.exit(main())
