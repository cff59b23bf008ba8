"""What is measured across people, and with targets: on the weights that ship."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from src.benchmark.variants import networks_of
from src.evaluation.border import mean_over, measure_border, ring, shoulders
from src.evaluation.choose_frames import neutral_frame, spread_frames
from src.evaluation.cross_reenactment import angle_between, keypoints_of, measure_cross
from src.evaluation.judges import Judges
from src.evaluation.methods import Networks
from src.evaluation.people import pairs_of, sitters_of
from src.evaluation.retargeting import TARGETS, figure_of, measure_retargeting, same_sources
from src.evaluation.sheets import blink_sheet, cross_sheet, mouth_sheet, self_sheet, yaw_sheet
from src.evaluation.speed import measure_speed
from src.evaluation.tiles import difference, enlarged, sheet_of
from src.motion.keypoints import transform_keypoint
from src.motion.pose import get_rotation_matrix


@pytest.fixture(scope="module")
def moving(clips):
    return [clips["one_0"], clips["two_0"]]


@pytest.fixture(scope="module")
def pairs(moving):
    return pairs_of(sitters_of(moving, []), moving, 2)


def test_cross_reenactment(pairs, networks, finder):
    found = measure_cross(pairs, [networks], Judges(finder))
    assert [(given.method, given.identity) for given in found] == [
        ("compact", "one"),
        ("copy", "one"),
        ("compact", "two"),
        ("copy", "two"),
    ]
    for given in found:
        assert given.values["lost"] == 0 and set(given.values) == {"aed", "apd", "eye_ratio", "lip_ratio", "lost"}
        # these drivers are painted: their faces are moved, but neither turn nor change
        assert given.values["apd"] < 3 and given.values["aed"] < 0.05


def test_the_driver_moves_the_face(pairs, networks):
    x_s, x_d = keypoints_of(networks, pairs[0], stitching=False)
    clip, first = pairs[0].driver, pairs[0].first
    for frame, x in zip(pairs[0].frames, x_d, strict=True):
        moved = clip.meshes[frame, 4, :2] - clip.meshes[first, 4, :2]
        np.testing.assert_allclose((x - x_s[0])[4, :2].numpy(), moved, atol=5e-3)


def test_stitching_calms_the_border(pairs, networks):
    (found, _) = measure_border(pairs, [networks])
    assert set(found.values) == {"ring_stitched", "ring_unstitched", "shoulders_stitched", "shoulders_unstitched"}
    assert 0 < found.values["ring_stitched"] < found.values["ring_unstitched"] < 5


def test_where_nothing_should_move():
    edge = ring(64)
    assert edge.sum() == 64**2 - 56**2 and edge[0, 0, 0] and not edge[0, 32, 32]
    x = torch.zeros(1, 21, 3)
    moved = x.repeat(2, 1, 1)
    moved[1, 5, 1] = 0.4  # the chin of the second result is lower
    below = shoulders(50, x, moved)
    assert below.sum((1, 2)).tolist() == [23 * 50, 13 * 50]
    lengths = torch.zeros(2, 50, 50)
    lengths[1, -13:] = 7
    assert mean_over(lengths, below) == pytest.approx(7 * 13 / 36)


@pytest.mark.parametrize("angle", [0.0, 12.5, 90.0])
def test_angles(angle):
    zero, turn = torch.zeros(1), torch.tensor([angle])
    a, b = get_rotation_matrix(zero, zero + 20, zero)[0], get_rotation_matrix(zero, turn + 20, zero)[0]
    assert angle_between(a, b) == pytest.approx(angle, abs=0.05)


def test_lips_follow_their_target(moving, networks, finder):
    found = {figure.part: figure for figure in measure_retargeting(sitters_of(moving, []), [networks], finder)}
    lips = found["lips"]
    assert lips.spearman > 0.9 and lips.monotone > 0.9 and lips.slope > 0.3
    assert lips.openings[0] == lips.lowest < lips.highest == lips.openings[-1] and len(lips.openings) == len(TARGETS)


STRAIGHT, STEEP, LOST = np.array(TARGETS) * 0.5, np.array(TARGETS) * 0.9, np.full(len(TARGETS), np.nan)


def test_a_source_that_one_loses_counts_for_none():
    half = STEEP.copy()
    half[3] = np.nan
    found = same_sources(
        {
            ("a", "eyes"): np.stack([STRAIGHT, STEEP]),
            ("a", "lips"): np.stack([STRAIGHT, STEEP]),
            ("b", "eyes"): np.stack([STRAIGHT, half]),
            ("b", "lips"): np.stack([STRAIGHT, STEEP]),
        }
    )
    assert [(figure.method, figure.part, figure.sources, figure.lost) for figure in found] == [
        ("a", "eyes", 1, 0),
        ("a", "lips", 2, 0),
        ("b", "eyes", 1, 1),
        ("b", "lips", 2, 0),
    ]
    assert [figure.slope for figure in found] == pytest.approx([0.5, 0.7, 0.5, 0.7])


def test_who_always_loses_keeps_a_row():
    good, bad = same_sources({("a", "eyes"): np.stack([STRAIGHT, STEEP]), ("b", "eyes"): np.stack([LOST, LOST])})
    assert (good.sources, good.lost, good.slope) == (2, 0, pytest.approx(0.7))
    assert (bad.method, bad.sources, bad.lost) == ("b", 0, 2) and np.isnan(bad.slope)
    assert bad.as_dict()["slope"] is None and set(bad.as_dict()["openings"]) == {None}
    json.dumps([good.as_dict(), bad.as_dict()], allow_nan=False)


def test_a_pair_counts_what_all_show(pairs, networks, finder):
    other = Networks("other", networks.engine)

    class Sometimes:
        """Misses the first face that the second method draws."""

        asked = 0

        def find(self, pictures, expected):
            self.asked += 1
            found = finder.find(pictures, expected)
            if self.asked == 3:  # after the source and the first method
                found[0] = np.nan
            return found

    good, bad, copy = measure_cross(pairs[:1], [networks, other], Judges(Sometimes()))
    assert good.counts == copy.counts == {"frames": 2, "lost": 0, "faces": 1} and bad.counts["lost"] == 1
    assert bad.values == good.values | {"lost": 0.5}  # the same weights: over the same frames no better


def test_openings_summed_up():
    straight, falling = np.array(TARGETS) * 0.5 + 0.1, 0.4 - np.array(TARGETS) * 0.5
    figure = figure_of("m", "lips", np.stack([straight, straight]))
    assert (figure.spearman, figure.monotone, figure.slope) == (pytest.approx(1), 1, pytest.approx(0.5))
    ends = figure_of("m", "eyes", np.minimum(TARGETS, 0.4)[None])
    assert (ends.slope_to_0_4, ends.slope < 0.6) == (pytest.approx(1), True)
    figure = figure_of("m", "lips", np.stack([straight, falling]))
    assert (figure.spearman, figure.monotone, figure.slope) == (pytest.approx(0), 0.5, pytest.approx(0))
    assert figure_of("m", "eyes", np.full((1, 9), 0.3)).spearman == 0  # nothing moves
    assert figure.as_dict()["targets"][-1] == 0.8


def test_speed(moving, networks):
    (figure,) = measure_speed([networks], moving, runs=1)
    assert figure.method == "compact" and 0 < figure.ms_per_picture == figure.as_dict()["ms_per_picture"]


def test_speed_is_that_of_real_frames(moving, networks, monkeypatch):
    """Every set of weights draws four frames of one clip after the other, on the face of the first, at full size."""
    drawn = []
    monkeypatch.setattr(networks_of(networks.engine), "draw", lambda *call: drawn.append(call))
    measure_speed([networks, Networks("other", networks.engine)], moving, runs=2)
    source = neutral_frame(moving[0].motion)
    kp = moving[0].motion.kp[source]
    wanted = []
    for clip in moving:
        motion = networks.motion(clip, spread_frames(len(clip), 4, without=-1))
        wanted.append(transform_keypoint(replace(motion, kp=kp.expand(4, -1, -1))))
    numbers = [0, 1, 0, 1, 0, 0, 1, 1]  # clips: two calls of each to warm up, then two in turns
    assert len(drawn) == len(numbers)
    for (features, x_s, x_d), number in zip(drawn, numbers, strict=True):
        assert features.picture.shape == (1, 3, 512, 512)
        torch.testing.assert_close(x_s, transform_keypoint(networks.motion(moving[0], [source])), rtol=0, atol=1e-6)
        torch.testing.assert_close(x_d, wanted[number], rtol=0, atol=1e-6)
    assert not torch.equal(*wanted)


def test_sheets(moving, pairs, networks):
    sitters = sitters_of(moving, [])
    for sheet, columns in (
        (self_sheet(moving, [networks]), 4),
        (cross_sheet(pairs, [networks]), 4),
        (yaw_sheet(sitters, [networks]), 3),
    ):
        assert sheet.shape == (22 + 2 * 256, 150 + columns * 256, 3) and sheet.dtype == np.uint8
    for sheet in (mouth_sheet(moving, [networks]), blink_sheet(moving, [networks])):
        assert sheet.shape == (22 + 2 * 192, 150 + 3 * 192, 3)


def test_tiles():
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 10
    sheet = sheet_of(["a", "ß"], [("one\ntwo", [red, difference(red, red)]), ("", [difference(red, 0 * red), red])])
    assert sheet[22, 150].tolist() == [10, 0, 0] and sheet[30, 150].tolist() == [40, 0, 0]
    assert sheet[22:30, 158:166].max() == 0


def test_a_part_is_enlarged_about_its_middle():
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 4, 64, axis=0).repeat(3, axis=2)
    part = enlarged(ramp, np.array([0.0, 0.0]), 0.25, 64)
    assert part[32, 31:33, 0].astype(float).mean() == pytest.approx(4 * 31.5, abs=1)
    assert part[5, 60, 0] - part[5, 20, 0] == pytest.approx(4 * 40 / 4, abs=2)
