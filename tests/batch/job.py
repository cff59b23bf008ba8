"""What tests of whole jobs say and look at."""

import json
from pathlib import Path

import numpy as np

from src.batch.batch import Tally
from src.media.video_reader import open_video

NAMES = ["x--a.mp4", "x--b.mp4", "y--a.mp4", "y--b.mp4"]


def records(path="out/results.jsonl") -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def counts(tally: Tally) -> tuple[int, int, int]:
    return tally.due, tally.done, tally.failed


def write_manifest(rows, name="m.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def row(source="in/x.png", driving="by/a.mp4", output="1.mp4", **options):
    return {"source": source, "driving": driving, "output": output, **options}


def interrupt(tally: Tally) -> None:
    raise KeyboardInterrupt


def pixels(path) -> list[np.ndarray]:
    return [frame.rgb for frame in open_video(Path(path))]
