"""Open the web page for people: `python app.py --help`."""

import sys

from src.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
