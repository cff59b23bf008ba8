"""Animate many portraits with many drivers: `python batch.py --help`."""

import sys

from src.cli.batch import main

if __name__ == "__main__":
    sys.exit(main())
