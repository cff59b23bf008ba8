"""Whole runs of a few frames, and the way they are compared."""

from pathlib import Path

import numpy as np
import pytest

from src.benchmark import clip as module
from src.benchmark.clip import ClipTask, measure_clip
from src.benchmark.variants import Variant
from src.errors import InputError, MissingFileError
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video

EXAMPLES = Path(__file__).parents[2] / "assets/examples"
SOURCE, DRIVING = EXAMPLES / "source/s1.jpg", EXAMPLES / "driving/d0.mp4"
EAGER, FUSED = Variant("eager", "float32"), Variant("fused", "float32")


pytestmark = pytest.mark.usefixtures("temporary")


def test_every_stage_is_seen(compact):
    task = ClipTask(SOURCE, DRIVING, n_frames=3, size=256, driving_size=256, concat=True)
    eager, fused = measure_clip(compact, "cpu", [EAGER, FUSED], task)
    assert (eager.variant, fused.variant, eager.ratio) == ("eager float32", "fused float32", 1.0)
    stages = {"decode", "tracking", "motion", "networks", "paste back", "side by side", "encode"}
    for figure in (eager, fused):
        assert set(figure.busy) == stages and min(figure.busy.values()) > 0
        assert figure.n_frames == 3 and figure.fps == pytest.approx(3 / figure.wall)
        assert figure.encoder > 0 and figure.cores > 0 and figure.startup > 0 and figure.source > 0
        assert figure.network_share == pytest.approx(figure.busy["networks"] / figure.wall)


class _Wrapper:
    """A wrapper that notes what it is asked to do."""

    def __init__(self, name: str, seen: list) -> None:
        self.name, self.seen = name, seen
        self.engine = type("Engine", (), {"batch_size": 2})()

    def execute(self, **options):
        clip, picture = open_video(options["driving"]), read_picture(options["source"])
        self.seen.append((self.name, clip.n_frames, clip.size, picture.shape, options["concat"]))


@pytest.fixture
def seen(monkeypatch) -> list:
    """What wrappers were asked to do; none of it is done."""
    seen: list = []
    walls = iter([4.0, 2.0, 6.0, 3.0, 5.0, 1.0])
    monkeypatch.setattr(module, "_wrapper", lambda model, device, variant: _Wrapper(str(variant), seen))

    def measured(wrapper, options):
        wrapper.execute(**options)
        return module._Run(next(walls), {"networks": 1.0}, 0.5, 2.0, 0.1)

    monkeypatch.setattr(module, "_measured", measured)
    return seen


def test_runs_take_turns_and_the_median_counts(seen):
    task = ClipTask(SOURCE, DRIVING, n_frames=7, size=256, driving_size=128)
    eager, fused = measure_clip(None, "cpu", [EAGER, FUSED], task, runs=3)
    assert seen[0] == ("eager float32", 2, (128, 128), (256, 256, 3), False)  # warming up: one batch
    assert [name for name, *_ in seen] == ["eager float32", "fused float32"] * 4
    assert {n_frames for _, n_frames, *_ in seen[2:]} == {7}
    assert (eager.wall, fused.wall) == (5.0, 2.0) and fused.ratio == 2.5
    assert eager.all_fps == pytest.approx([7 / 4, 7 / 6, 7 / 5]) and eager.network_share == 0.2


def test_a_clip_that_is_too_short_is_repeated(seen, tmp_path):
    short = Path(__file__).parents[1] / "data/media/short.mp4"
    n_frames = open_video(short).n_frames
    measure_clip(None, "cpu", [EAGER], ClipTask(SOURCE, short, n_frames=2 * n_frames + 3))
    assert [entry[1] for entry in seen] == [2, 2 * n_frames + 3]


def test_the_shape_of_the_portrait_stays(seen, tmp_path):
    write_picture(tmp_path / "s.png", np.zeros((60, 90, 3), np.uint8))
    measure_clip(None, "cpu", [EAGER], ClipTask(tmp_path / "s.png", DRIVING, n_frames=1, size=180))
    assert seen[0][3] == (120, 180, 3)


def test_mistakes(seen, tmp_path):
    for task, error, message in [
        (ClipTask(SOURCE, DRIVING, n_frames=0), InputError, "one or more frames, got 0"),
        (ClipTask(SOURCE, DRIVING, batch_size=0), InputError, "--batch_size 0 is too few"),
        (ClipTask(SOURCE, DRIVING, size=0), InputError, "--size 0 is no side of a picture: give 16 to 8192"),
        (ClipTask(SOURCE, DRIVING, size=-512), InputError, "--size -512 is no side"),
        (ClipTask(SOURCE, DRIVING, size=100_000), InputError, "--size 100000 is no side"),
        (ClipTask(SOURCE, DRIVING, driving_size=0), InputError, "--driving_size 0 is no side"),
        (ClipTask(SOURCE, DRIVING, driving_size=-2), InputError, "--driving_size -2 is no side"),
        (ClipTask(SOURCE, DRIVING, driving_size=255), InputError, "--driving_size 255 is odd: give 254 or 256"),
        (ClipTask(SOURCE, SOURCE), InputError, "is a picture: a video is needed"),
        (ClipTask(SOURCE, tmp_path / "none.mp4"), MissingFileError, "does not exist"),
        (ClipTask(tmp_path / "none.png", DRIVING), MissingFileError, "does not exist"),
    ]:
        with pytest.raises(error, match=message):
            measure_clip(None, "cpu", [EAGER], task)
    assert seen == []
    with pytest.raises(InputError, match="--runs 0 is too few"):
        measure_clip(None, "cpu", [EAGER], ClipTask(SOURCE, DRIVING), runs=0)


def test_a_narrow_portrait_keeps_a_column(seen, tmp_path):
    write_picture(tmp_path / "s.png", np.zeros((900, 3, 3), np.uint8))
    measure_clip(None, "cpu", [EAGER], ClipTask(tmp_path / "s.png", DRIVING, n_frames=1, size=101))
    assert seen[0][3] == (101, 1, 3)
