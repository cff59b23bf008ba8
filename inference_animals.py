"""Animate a cat or dog: `python inference_animals.py --help`."""

import sys

from src.cli.inference import main_animals

if __name__ == "__main__":
    sys.exit(main_animals())
