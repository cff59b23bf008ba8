"""What the trial of a batch works on: portraits and drivers made of the shipped ones, and rows broken on purpose."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from math import ceil, sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np

from src.media.picture import read_picture, resize_to_limit, write_picture
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.motion.template import MotionTemplate, load_template, save_template

from .exploit import Command

ROOT = Path(__file__).parents[2]
_SOURCES = ROOT / "assets/examples/source"
_DRIVINGS = ROOT / "assets/examples/driving"
_SHORT = ROOT / "tests/data/media/short.mp4"
_LONGEST = 384  # pixels of a portrait: the work lies in the networks, not in the encoder

# Where the face with what is round it lies, in parts of the picture: left, top, right, bottom.
_CLOSE = {
    "s9": (0.15, 0.05, 0.85, 0.5),
    "s1": (0.15, 0.0, 0.75, 0.55),
    "s10": (0.1, 0.08, 0.9, 0.8),
    "grace_hopper": (0.15, 0.0, 0.9, 0.65),
    "s0": (0.25, 0.0, 0.8, 0.4),
}


class Cut(NamedTuple):
    """A part of a driver: which frames, of what size in pixels, mirrored or not, with its sound or without."""

    path: Path
    first: int
    last: int
    size: int = 512
    mirrored: bool = False
    sound: bool = False


_CUTS = (
    Cut(_SHORT, 0, 10),
    Cut(_DRIVINGS / "d0.mp4", 50, 62, mirrored=True),
    Cut(_DRIVINGS / "smile.safetensors", 10, 22),
    Cut(_DRIVINGS / "d0.mp4", 90, 104, size=256, sound=True),
    Cut(_SHORT, 14, 28, mirrored=True),
    Cut(_DRIVINGS / "d0.mp4", 120, 130, size=384),
    Cut(_DRIVINGS / "d0.mp4", 150, 166),
    Cut(_SHORT, 6, 18, size=256),
    Cut(_DRIVINGS / "d0.mp4", 180, 190, mirrored=True, sound=True),
    Cut(_DRIVINGS / "d0.mp4", 220, 232, size=320),
)


class Line(NamedTuple):
    """A row of a manifest; its inputs count from the trial's folder."""

    source: str
    driving: str
    output: str
    crf: str = ""


@dataclass(frozen=True)
class Trial:
    """Rows to be done, and what must come of them.

    Attributes:
        folder: of the manifest and all inputs.
        good: name of an output -> frames that it must have.
        bad: name of an output that cannot be made -> what must be said of it.
        lines: the good rows.
    """

    folder: Path
    good: dict[str, int]
    bad: dict[str, str]
    lines: list[Line]

    @property
    def manifest(self) -> Path:
        """The manifest of all rows."""
        return self.folder / "rows.csv"

    @property
    def marker(self) -> Path:
        """What the exploit leaves if anybody runs it."""
        return self.folder / "marker"


def make_trial(folder: Path, rows: int) -> Trial:
    """Inputs and a manifest: five rows that cannot be done among good ones (195 of them: 20 portraits by 10 drivers).

    Args:
        folder: to make them in.
        rows: in all, 6 to 205.
    """
    drivers = min(len(_CUTS), ceil(sqrt((rows - 5) / 2)))
    portraits = ceil((rows - 5) / drivers)
    sources = [_write_portrait(folder, *view) for view in islice(_views(), portraits)]
    assert len(sources) == portraits, f"{rows} rows are more than there are portraits for"
    drivings = {_write_driver(folder, number, cut): cut.last - cut.first for number, cut in enumerate(_CUTS[:drivers])}
    lines = [Line(*pair, _output(*pair)) for pair in product(sources, drivings)][: rows - 5]
    trial = Trial(folder.resolve(), {line.output: drivings[line.driving] for line in lines}, {}, lines)
    every, mixed = ceil(len(lines) / 5), list(lines)
    for number, line in enumerate(_write_broken(trial)):
        mixed.insert(number * (every + 1) + every // 2, line)
    write_manifest(trial.manifest, mixed)
    return trial


def write_manifest(path: Path, lines: list[Line]) -> None:
    """Write a manifest."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([Line._fields, *lines])


def _views() -> Iterator[tuple[str, bool, bool]]:
    """Twenty portraits: close and whole, each of them mirrored too."""
    for close, mirrored in product((True, False), (False, True)):
        for name in _CLOSE:
            yield name, close, mirrored


def _write_portrait(folder: Path, name: str, close: bool, mirrored: bool) -> str:
    rgb = read_picture(_SOURCES / f"{name}.jpg")
    if close:
        height, width = rgb.shape[:2]
        left, top, right, bottom = _CLOSE[name]
        rgb = rgb[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    rgb = resize_to_limit(rgb[:, ::-1] if mirrored else rgb, _LONGEST)
    place = f"portraits/{name}-{'close' if close else 'whole'}{'-mirrored' if mirrored else ''}.png"
    write_picture(folder / place, np.ascontiguousarray(rgb))
    return place


def _write_driver(folder: Path, number: int, cut: Cut) -> str:
    place = f"drivers/{number}-{cut.path.stem}{'.safetensors' if cut.path.suffix == '.safetensors' else '.mp4'}"
    if place.endswith(".safetensors"):
        template = load_template(cut.path)
        part = MotionTemplate(template.motion[cut.first : cut.last], template.fps, template.model)
        save_template(part, folder / place)
        return place
    with VideoWriter(folder / place, 25, audio_from=cut.path if cut.sound else None) as writer:
        for frame in islice(open_video(cut.path), cut.first, cut.last):
            rgb = resize_to_limit(frame.rgb[:, ::-1] if cut.mirrored else frame.rgb, cut.size)
            writer.write(np.ascontiguousarray(rgb))
    return place


def _write_broken(trial: Trial) -> list[Line]:
    """Five rows, each with something of its own that is wrong."""
    (source, driving, *_), folder = trial.lines[0], trial.folder
    write_picture(folder / "broken/wall.png", np.full((256, 256, 3), 128, np.uint8))
    (folder / "broken/cut.mp4").write_bytes(_SHORT.read_bytes()[:30_000])
    (folder / "broken/exploit.pkl").write_bytes(pickle.dumps(Command(trial.marker), protocol=4))
    rows = {
        Line("broken/missing.png", driving, "missing.mp4"): "broken/missing.png' does not exist",
        Line("broken/wall.png", driving, "no-face.mp4"): "no face found in the source",
        Line(source, "broken/cut.mp4", "truncated.mp4"): "cut.mp4' holds no frame that can be decoded",
        Line(source, "broken/exploit.pkl", "exploit.mp4"): "which no motion template needs: not opened",
        Line(source, driving, "option.mp4", crf="99"): "--crf must lie between 0 and 51, got 99",
    }
    trial.bad.update({line.output: said for line, said in rows.items()})
    return list(rows)


def _output(source: str, driving: str) -> str:
    return f"{Path(source).stem}--{Path(driving).stem}.mp4"
