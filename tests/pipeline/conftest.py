from pathlib import Path

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.media.given import Inbox
from src.media.picture import write_picture
from src.motion.template import MotionTemplate, save_template
from src.pipeline import animate as module
from src.pipeline.animate import animate
from src.pipeline.progress import silent
from tests.media.clips import make_tone

from .fakes import FakeDetector, FakeEngine, FakeWriter, finders, motion_of
from .scenes import grey, make_video

LEVELS = [60, 80, 100, 120, 140, 160, 180, 130, 90, 70]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def detector() -> FakeDetector:
    return FakeDetector()


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """A source s.png; drivers d.mp4 (with sound), d.gif, d.png, d.safetensors and still.safetensors."""
    folder = tmp_path_factory.mktemp("media")
    make_tone(folder / "tone.m4a", 1.0)
    make_video(folder / "d.mp4", LEVELS, audio_from=folder / "tone.m4a")
    make_video(folder / "d.gif", LEVELS)
    write_picture(folder / "d.png", grey(150))
    source = np.random.default_rng(0).integers(80, 120, (160, 200, 3), dtype=np.uint8)
    write_picture(folder / "s.png", source)
    motion = motion_of(torch.tensor(LEVELS) / 255)
    save_template(MotionTemplate(motion, fps=25, model="fake"), folder / "d.safetensors")
    save_template(MotionTemplate(motion[:1], fps=25, model="fake"), folder / "still.safetensors")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def inbox():
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def run(media, engine, detector):
    """Animates s.png with d.mp4 of the media folder, or other inputs: names in that folder, paths, media in memory."""

    def found(given):
        return str(media / given) if isinstance(given, str) else given

    def animated(driving="d.mp4", source="s.png", progress=silent, **options):
        driving = [found(one) for one in driving] if isinstance(driving, list) else found(driving)
        return animate(
            engine, finders(detector), ArgumentConfig(source=found(source), driving=driving, **options), progress
        )

    return animated


@pytest.fixture
def written(monkeypatch) -> dict[str, FakeWriter]:
    """No video is encoded: its writer, with every frame as it was handed over, is found under its name."""
    writers: dict[str, FakeWriter] = {}

    def writer(path, fps, **options):
        return writers.setdefault(path.name, FakeWriter(path, fps, **options))

    monkeypatch.setattr(module, "VideoWriter", writer)
    return writers
