import numpy as np
import pytest
import torch

from src.errors import InputError
from src.motion.mesh_points import keypoints
from src.training.data.batches import Batches, DataOptions, load
from src.training.data.invented import InventedOptions, bend, can_close
from src.training.data.keypoint_batches import KeypointBatches

from ..toy_faces import toy_mesh, toy_picture


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_shapes(tracks):
    batch = Batches(tracks, DataOptions(size=64, sources=3, drivers=2), seed=0).batch(0)
    assert {name: tuple(value.shape) for name, value in batch.items()} == {
        "source": (3, 3, 64, 64),
        "driving": (3, 2, 3, 64, 64),
        "kp_source": (3, 21, 3),
        "kp_driving": (3, 2, 21, 3),
        "R_source": (3, 3, 3),
        "R_driving": (3, 2, 3, 3),
    }
    assert batch["source"].dtype == torch.uint8 and batch["kp_source"].dtype == torch.float32


def test_a_batch_depends_on_seed_step_and_process_alone(tracks):
    options = DataOptions(size=64, sources=2)
    batches = Batches(tracks, options, seed=5)
    first = batches.batch(7)
    batches.batch(3)
    assert same(batches.batch(7), first)
    for other in (batches.batch(8), Batches(tracks, options, 6).batch(7), Batches(tracks, options, 5, rank=1).batch(7)):
        assert not same(other, first)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_from_the_start_on(tracks, workers):
    options = DataOptions(size=64, sources=1)
    batches = Batches(tracks, options, seed=1, start=3)
    source = load(batches, workers)
    for step in (3, 4, 5):
        assert same(next(source), batches.batch(step))


def test_stills_are_drawn_as_often_as_asked(tracks):
    """A still's frames are all of one picture, so a batch of stills alone needs no clip's file."""
    clips = [track for track in tracks if len(track) > 1]
    lost = [type(track)(track.path.with_name("lost"), track.kp, track.R, track.openness) for track in clips]
    stills = [track for track in tracks if len(track) == 1]
    options = DataOptions(size=64, sources=2, invented=InventedOptions(share=1.0))
    batch = Batches([*lost, *stills], options, seed=0).batch(0)
    assert (batch["kp_source"][:, None] - batch["kp_driving"]).abs().max() > 0.01


def test_open_mouths_of_stills_are_closed_and_never_the_source(toy_data, tracks):
    """Toy stills are open a little by nature, so each can be closed."""
    stills = [track for track in tracks if len(track) == 1]
    clips = [track for track in tracks if len(track) > 1]
    assert all(can_close(track) for track in stills)
    options = DataOptions(size=64, sources=4, invented=InventedOptions(share=1.0, closing=1.0))
    batch = Batches([*clips, *stills], options, seed=0).batch(0)
    gap = [batch[name][..., 19, :2] - batch[name][..., 20, :2] for name in ("kp_source", "kp_driving")]
    source, driving = (g.norm(dim=-1) for g in gap)
    assert (source < 0.01).all() and (driving.amax(1) > 0.02).all()


@pytest.mark.parametrize("kind", [Batches, KeypointBatches])
def test_stills_alone_are_not_enough(tracks, kind):
    stills = [track for track in tracks if len(track) == 1]
    for given in ([], stills):
        with pytest.raises(InputError, match=f"shot of more than one frame.*{len(given)}"):
            kind(given, DataOptions(), seed=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_ours_arrives_as_it_was_raised(tracks, tmp_path, workers):
    """A loader's process would wrap it in its traceback."""
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no shot")
    clips = [type(track)(broken, track.kp, track.R, track.openness) for track in tracks if len(track) > 1]
    options = DataOptions(size=64, sources=1, invented=InventedOptions(share=0.0))
    with pytest.raises(InputError, match=r"broken\.safetensors") as error:
        next(load(Batches(clips, options, seed=0), workers))
    assert "\n" not in str(error.value)


def test_a_bent_picture_shows_the_face_where_it_should_be():
    mesh, other = toy_mesh(), toy_mesh(roll=0.15)
    bent = bend(toy_picture(mesh), keypoints(mesh).astype(np.float32), keypoints(other).astype(np.float32))
    face = slice(90, 230), slice(90, 200)
    before, after = (
        np.abs(picture[face].astype(int) - toy_picture(other)[face]).mean() for picture in (toy_picture(mesh), bent)
    )
    assert after < before / 2
