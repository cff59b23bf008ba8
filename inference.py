"""Animate a portrait: `python inference.py --help`."""

import sys

from src.cli.inference import main

if __name__ == "__main__":
    sys.exit(main())
