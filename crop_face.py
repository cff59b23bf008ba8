"""Cut the face out of a picture or video: `python crop_face.py --help`."""

import sys

from src.cli.crop_face import main

if __name__ == "__main__":
    sys.exit(main())
