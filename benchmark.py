"""Measure whole runs: `python benchmark.py --help`."""

import sys

from src.cli.benchmark import main

if __name__ == "__main__":
    sys.exit(main())
