from dataclasses import replace

import pytest
import torch

from src.training.data.batches import DataOptions
from src.training.data.index import read_index
from src.training.data.keypoint_batches import KeypointBatches
from src.training.data.tracks import read_tracks
from src.training.stages.keypoint_opening import openness_of

from ..toy_faces import write_toy_data

OPTIONS = DataOptions(sources=5, drivers=3)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    folder = write_toy_data(tmp_path_factory.mktemp("toy") / "data", clips=2, frames=12, stills=1)
    return read_tracks([row.path(folder) for row in read_index(folder)])


def test_batches_are_a_function_of_seed_and_step(tracks):
    batch = KeypointBatches(tracks, OPTIONS, 1).batch(7)
    shapes = {name: tuple(value.shape) for name, value in batch.items()}
    assert shapes == {
        **{"kp_source": (5, 21, 3), "kp_driving": (5, 3, 21, 3), "R_source": (5, 3, 3), "R_driving": (5, 3, 3, 3)},
        **{"openness_source": (5, 3), "openness_driving": (5, 3, 3)},
    }
    assert all(value.dtype == torch.float32 for value in batch.values())
    again, other = KeypointBatches(tracks, OPTIONS, 1, start=7), KeypointBatches(tracks, OPTIONS, 2).batch(7)
    assert all(torch.equal(value, batch[name]) for name, value in next(iter(again)).items())
    assert not torch.equal(other["kp_source"], batch["kp_source"])


def test_openness_goes_with_the_keypoints_also_in_a_mirror(tracks):
    """Eyes of different openness: whichever is left in the picture must be the first number."""
    winking = [
        replace(track, kp=_lowered(track.kp), openness=track.openness * [0.1, 1, 1] + [0, 0.2, 0])
        for track in tracks
        if len(track) > 1
    ]
    winking = [replace(track, openness=track.openness.astype("float32")) for track in winking]
    batch = KeypointBatches(winking, replace(OPTIONS, sources=40), 0).batch(0)
    shown = openness_of(batch["kp_source"])
    apart = shown[:, 0] - shown[:, 1]
    winks = apart.abs() > 0.2  # elsewhere the toy blinks
    assert (apart[winks] > 0).any() and (apart[winks] < 0).any()  # mirrored or not
    told = batch["openness_source"][:, 0] - batch["openness_source"][:, 1]
    assert torch.equal(apart[winks].sign(), told[winks].sign())


def _lowered(kp):
    """The left upper lid at the height of the lower ones."""
    kp = kp.copy()
    kp[:, 13, 1] = kp[:, 18, 1]
    return kp
