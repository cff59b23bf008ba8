"""The whole way on faces drawn by code: all stages train, and the product animates with what they export."""

import csv
from pathlib import Path

import pytest
from safetensors.torch import load_file

from src.cli.train import main
from src.live_portrait_wrapper import LivePortraitWrapper
from src.weights.layout import MOUTH_TEXTURE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHORT = ROOT / "tests/data/media/short.mp4"
MONA_LISA = ROOT / "assets/examples/source/s9.jpg"
STEPS = 30


@pytest.fixture(scope="module")
def runs(toy_data, tmp_path_factory):
    """Folder with the runs of all stages, and `weights`, which holds what they learnt."""
    folder = tmp_path_factory.mktemp("runs")
    common = ["--data", str(toy_data), "--device", "cpu", "--log_every", "1", "--sample_every", "0", "--seed", "3"]
    common += ["--export", str(folder / "weights")]
    first = ["--steps", str(STEPS), "--sources", "2", "--backbone", "none", "--output", str(folder / "one")]
    second = ["--stage", "2", "--steps", "200", "--sources", "16", "--output", str(folder / "two")]
    assert main([*common, *first]) == 0
    assert main([*common, *second]) == 0
    third = ["--stage", "3", "--steps", "40", "--sources", "8", "--init", str(folder / "weights")]
    assert main([*common, *third, "--output", str(folder / "three")]) == 0
    return folder


def losses(run):
    with (run / "log.csv").open() as file:
        return [float(row["total"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("run", "tail", "share"), [("one", 10, 0.8), ("two", 50, 0.6), ("three", 10, 0.8)])
def test_the_loss_falls(runs, run, tail, share):
    values = losses(runs / run)
    assert sum(values[-tail:]) < share * sum(values[:tail])


def test_the_product_animates_with_all(runs, tmp_path):
    weights = runs / "weights"
    assert len(list(weights.rglob("*.safetensors"))) == 4
    assert any(key.startswith(MOUTH_TEXTURE) for key in load_file(weights / "compact/spade_generator.safetensors"))
    wrapper = LivePortraitWrapper(model="compact", weights_dir=weights, device="cpu")
    result = wrapper.execute(source=MONA_LISA, driving=SHORT, output=tmp_path / "out.mp4")
    assert result.n_frames > 1 and (tmp_path / "out.mp4").stat().st_size > 1000
