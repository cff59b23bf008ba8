"""Turn videos and pictures into the training format: `python prepare_data.py --help`."""

import sys

from src.cli.prepare_data import main

if __name__ == "__main__":
    sys.exit(main())
