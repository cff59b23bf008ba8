"""Mouths and eyes by numpy against those by torch."""

import numpy as np
import pytest
import torch

from src.engine.fused.compact_openings import Openings
from src.modules.compact.aperture import aperture_maps, mouth_strength, newly_open, shut
from src.modules.compact.ellipses import eye_ellipses, lost_lid_height, mouth_ellipse
from src.motion.mesh_points import mean_keypoints
from tests.tolerances import FLOAT32

OPEN, SHUT = [19], [13, 16]  # lower lip; upper lids


def faces(frames: int, sources: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Driving faces whose mouths open and eyes close, the first of three hardly, and their sources."""
    torch.manual_seed(0)
    face = torch.tensor(mean_keypoints(), dtype=torch.float32)
    driving = face + 0.03 * torch.randn(frames, 21, 3)
    driving[frames // 2 :, OPEN, 1] += 0.1
    driving[frames // 2 :, SHUT, 1] += 0.05
    return driving, face + 0.01 * torch.randn(sources, 21, 3)


def openings_of(driving: torch.Tensor, source: torch.Tensor) -> Openings:
    return Openings(driving.numpy(), source.numpy())


@pytest.mark.parametrize(("frames", "sources"), [(1, 1), (3, 1), (3, 3)])
@pytest.mark.parametrize("squeezed", [1.0, 0.0], ids=["faces", "coinciding keypoints"])
def test_maps(frames, sources, squeezed):
    driving, source = (kp * squeezed for kp in faces(frames, sources))
    maps = openings_of(driving, source).maps(32)
    assert maps.dtype == np.float32 and maps.shape == (frames, 4, 32, 32)
    wanted = aperture_maps(driving, source.expand_as(driving), 32)
    np.testing.assert_allclose(maps, wanted.numpy(), rtol=0, atol=FLOAT32["compact_paint"].abs)
    assert squeezed == 0 or all(wanted[:, i].abs().max() > 0.1 for i in range(4))


@pytest.mark.parametrize("sources", [1, 3])
def test_apertures(sources):
    driving, source = faces(3, sources)
    apertures = openings_of(driving, source).apertures
    mouths, eyes = mouth_ellipse(driving), eye_ellipses(driving)
    gains = torch.cat(
        [mouth_strength(driving) * newly_open(driving, source), shut(lost_lid_height(driving, source))], 1
    )
    for frame, aperture in enumerate(apertures):
        ellipses = [aperture.mouth, *aperture.eyes]
        shown = [part for part in range(3) if gains[frame, part] > 2e-5]
        assert len([ellipse for ellipse in ellipses if ellipse]) == len(shown)
        for ellipse, part in zip([ellipse for ellipse in ellipses if ellipse], shown, strict=True):
            of, number = (mouths, 0) if part == 0 else (eyes, part - 1)
            np.testing.assert_allclose(ellipse.centre, of.centres[frame, number], rtol=1e-5)
            np.testing.assert_allclose(ellipse.axes, of.axes[frame], rtol=1e-4, atol=1e-4)
            assert (ellipse.edge, ellipse.steepness) == (of.edge, of.steepness)
            assert ellipse.gain == pytest.approx(float(gains[frame, part]), abs=1e-5)
    assert apertures[1].mouth is not None and len(apertures[2].eyes) == 2


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e30])
def test_a_frame_without_numbers(number):
    driving, source = faces(3, 1)
    wanted = openings_of(driving, source)
    driving[2] *= number
    found = openings_of(driving, source)
    np.testing.assert_array_equal(found.maps(16)[:2], wanted.maps(16)[:2])
    assert [bool(aperture.mouth) for aperture in found.apertures[:2]] == [
        bool(aperture.mouth) for aperture in wanted.apertures[:2]
    ]
