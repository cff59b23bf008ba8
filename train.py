"""Train a model on prepared data: `python train.py --help`."""

import sys

from src.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
