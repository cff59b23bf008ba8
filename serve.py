"""Animate portraits over HTTP: `python serve.py --help`."""

import sys

from src.cli.serve import main

if __name__ == "__main__":
    sys.exit(main())
