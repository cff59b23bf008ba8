"""Open the web page for cats and dogs: `python app_animals.py --help`."""

import sys

from src.cli.app import main_animals

if __name__ == "__main__":
    sys.exit(main_animals())
