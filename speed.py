"""Time of every network, as the original's table shows it: `python speed.py --help`."""

import sys

from src.cli.speed import main

if __name__ == "__main__":
    sys.exit(main())
