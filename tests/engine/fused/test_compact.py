"""The fused compact networks with the shipped weights against the plain ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from src.engine.checkpoints import Checkpoints
from src.engine.compact_sizes import shrunk
from src.engine.eager.compact import EagerCompact
from src.engine.engine import SourceFeatures
from src.engine.fused.compact import FusedCompact
from src.weights.resolve import resolve_model
from tests.tolerances import FLOAT32

GOLDEN = Path(__file__).parents[2] / "data" / "compact" / "golden.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.fixture(scope="module")
def eager() -> EagerCompact:
    model = resolve_model("compact")
    return EagerCompact(Checkpoints(model.files, model.config, torch.device("cpu")))


@pytest.fixture(scope="module")
def fused(eager) -> FusedCompact:
    return FusedCompact(eager._checkpoints)


@pytest.fixture(scope="module")
def features(eager, golden) -> SourceFeatures:
    return features_of(eager, torch.from_numpy(golden["source"])[None].permute(0, 3, 1, 2) / 255)


@pytest.fixture(scope="module")
def keypoints(golden):
    return torch.from_numpy(golden["x_s"]), torch.from_numpy(golden["x_d"])


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def features_of(networks: EagerCompact, pictures: torch.Tensor, is_grey: list[bool] | None = None) -> SourceFeatures:
    grey = None if is_grey is None else torch.tensor(is_grey)
    return SourceFeatures(networks.appearance(shrunk(pictures)), pictures, grey)


def check_same(eager, fused, features, x_s, x_d) -> None:
    """The same numbers as float, and bytes that are at most one level apart where a number is nearly whole."""
    wanted, actual = eager.warp_decode(features, x_s, x_d), fused.warp_decode(features, x_s, x_d)
    assert set(actual) == set(wanted)
    for name, tensor in wanted.items():
        torch.testing.assert_close(actual[name], tensor, rtol=0, atol=FLOAT32["fused"].abs)
    drawn = fused.draw(features, x_s, x_d)
    assert drawn.shape == (len(x_d), 512, 512, 3) and drawn.dtype == torch.uint8
    apart = (drawn.int() - eager.draw(features, x_s, x_d).int()).abs()
    assert apart.max() <= 1
    exact = wanted["out"].permute(0, 2, 3, 1) * 255
    assert ((exact - exact.round()).abs()[apart > 0] < 0.03).all()


@pytest.mark.parametrize("batch", [1, 5])
def test_the_same_picture(eager, fused, features, keypoints, batch):
    x_s, x_d = keypoints
    check_same(eager, fused, features, x_s, x_d[-batch:])


def test_the_same_features(eager, fused, features):
    assert torch.equal(fused.appearance(shrunk(features.picture)), features.volume)


def test_a_source_per_frame(eager, fused, features, keypoints):
    x_s, x_d = keypoints
    both = features_of(eager, torch.cat([features.picture, features.picture.flip(3)]), [False, True])
    check_same(eager, fused, both, x_s.expand(2, -1, -1), x_d[1:3])


def test_sources_in_turn(eager, fused, features, keypoints):
    """What is kept of a source must not serve another one."""
    x_s, x_d = keypoints
    for pictures in (features.picture, features.picture.flip(3), features.picture):
        check_same(eager, fused, features_of(eager, pictures), x_s, x_d[2:3])


def test_a_source_without_colours_gets_none(eager, fused, features, keypoints):
    x_s, x_d = keypoints
    grey = features_of(eager, features.picture.mean(1, keepdim=True).repeat(1, 3, 1, 1), [True])
    check_same(eager, fused, grey, x_s, x_d[1:4])
    drawn = fused.draw(grey, x_s, x_d[1:4])
    assert (drawn[..., 0] == drawn[..., 1]).all() and (drawn[..., 1] == drawn[..., 2]).all()


@pytest.mark.parametrize("case", ["far", "coinciding", "huge", "noise", "outside"])
def test_extreme_keypoints(eager, fused, features, keypoints, case):
    x_s, x_d = keypoints
    noise = torch.randn(x_d[:3].shape, generator=torch.Generator().manual_seed(0))
    extreme = {
        "far": x_d[:3] + 5.0,
        "coinciding": torch.zeros_like(x_d[:3]),
        "huge": x_d[:3] * 20,
        "noise": x_d[:3] + 0.3 * noise,
        "outside": x_d[:3] + torch.tensor([0.8, -0.7, 0.5]),
    }
    check_same(eager, fused, features, x_s, extreme[case])


def test_features_are_not_kept_alive(eager, fused, features, keypoints):
    first = features_of(eager, features.picture)
    fused.draw(first, *keypoints)
    reference = fused._features
    del first
    assert reference() is None


AFTER_MAIN = """
import threading
import torch
from src.engine.create import create_engine
from src.weights.resolve import resolve_model

def draw():
    threading.main_thread().join()
    engine = create_engine(resolve_model("compact"), torch.device("cpu"), "fused")
    features = engine.encode_source(torch.rand(1, 3, 128, 128))
    keypoints = torch.rand(2, 21, 3) - 0.5
    print(engine.draw(features, keypoints[:1], keypoints).shape, flush=True)

threading.Thread(target=draw).start()
"""


def test_a_thread_that_outlives_the_main_one():
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", AFTER_MAIN], cwd=root, capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), done.stderr) == ("(2, 512, 512, 3)", "")
