"""Files that the pages' tests upload, and how they look at results."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
SHORT = ROOT / "tests/data/media/short.mp4"
SOURCES = ROOT / "assets/examples/source"
D0 = ROOT / "assets/examples/driving/d0.mp4"
MONA_LISA = SOURCES / "s9.jpg"
CAMERA = "scale=480:480,pad=640:480:80:0"

_PIXELS = """async (image) => {
  while (!(image.complete && image.naturalWidth)) await new Promise(requestAnimationFrame);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def two_faces(folder: Path) -> Path:
    """A picture with a large face on the left and a small one on the right."""
    pictures = [Image.open(SOURCES / name).convert("RGB") for name in ("grace_hopper.jpg", "s1.jpg")]
    left, right = (picture.resize((512, 512)) for picture in pictures)
    both = Image.new("RGB", (1024, 512))
    both.paste(left, (0, 0))
    both.paste(right, (512, 0))
    path = folder / "two.jpg"
    both.save(path, quality=95)
    return path


def no_face(folder: Path) -> Path:
    path = folder / "sky.png"
    Image.new("RGB", (320, 240), (90, 140, 200)).save(path)
    return path


def pixels(image: Locator) -> np.ndarray:
    """What an <img> shows, (H, W, 3) in its natural size."""
    data = base64.b64decode(image.evaluate(_PIXELS))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def toast(page: Page) -> str:
    """The text of the next toast."""
    found = page.locator(".toast-body").first
    found.wait_for(timeout=20_000)
    return found.inner_text()


def upload(page: Page, where: str, path: Path) -> None:
    """Put a file into the upload field of a widget."""
    page.locator(f"{where} input[type=file]").first.set_input_files(str(path))
