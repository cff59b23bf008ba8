"""All sheets of a run as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..media.picture import write_picture
from ..pipeline.progress import Progress, counted, silent
from .evaluation import Material, methods_of
from .methods import Networks
from .people import longest_clips
from .sheets import blink_sheet, cross_sheet, mouth_sheet, self_sheet, yaw_sheet
from .tiles import Rgb

_QUALITY = 92  # of the JPEGs


def write_sheets(
    material: Material,
    networks: Sequence[Networks],
    folder: Path,
    progress: Progress = silent,
) -> None:
    """Draw and write the sheets of examples, ``sheet_<name>.jpg``.

    Args:
        material: what is drawn.
        networks: sets of weights.
        folder: where the files go.
        progress: told about every sheet.
    """
    methods, clips = methods_of(networks), longest_clips(material.clips)
    sheets: dict[str, Callable[[], Rgb]] = {
        "self": lambda: self_sheet(clips, methods),
        "mouth": lambda: mouth_sheet(material.clips, methods),
        "blink": lambda: blink_sheet(material.clips, methods),
        "yaw": lambda: yaw_sheet(material.sitters, networks),
    }
    if material.pairs:
        sheets["cross"] = lambda: cross_sheet(material.pairs, networks)
    for name in counted(sheets, "Sheets", len(sheets), progress):
        write_picture(folder / f"sheet_{name}.jpg", sheets[name](), _QUALITY)
