"""Measure what weights draw: `python evaluate.py --help`."""

import sys

from src.cli.evaluate import main

if __name__ == "__main__":
    sys.exit(main())
