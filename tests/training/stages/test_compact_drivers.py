"""More drivers than a batch has frames: each source moves as the one before it, and opens its mouth farther."""

import pytest
import torch

from src.modules.compact.ellipses import LOWER_LIP, UPPER_LIP, lip_gap
from src.motion.keypoints import CHIN, LIP
from src.motion.pose import get_rotation_matrix
from src.training.stages.compact_drivers import with_more_drivers
from src.training.stages.skull import mean_face_keypoints
from tests.tolerances import FLOAT32

ABS = FLOAT32["ratio"].abs
AHEAD = torch.eye(3)
CORNERS, NOSE = [14, 17], 4


def pair(sources, drivers, R_source=(AHEAD, AHEAD), R_driving=(AHEAD, AHEAD)):
    """A batch with one driver a source."""
    return {
        "source": torch.zeros(len(sources), 3, 8, 8),
        "kp_source": torch.stack(list(sources)),
        "kp_driving": torch.stack(list(drivers))[:, None],
        "R_source": torch.stack(list(R_source)),
        "R_driving": torch.stack(list(R_driving))[:, None],
    }


def face(gap):
    """The mean face with so large an opening."""
    kp = mean_face_keypoints().clone()
    kp[LOWER_LIP, 1] = kp[UPPER_LIP, 1] + gap
    kp[LOWER_LIP, 0] = kp[UPPER_LIP, 0]
    return kp


def test_each_face_also_moves_as_the_one_before_it():
    sources = torch.zeros(21, 3), torch.full((21, 3), 0.5), torch.full((21, 3), -0.5)
    drivers = [kp + moved for kp, moved in zip(sources, (0.1, 0.2, 0.3), strict=True)]
    batch = pair(sources, drivers, [AHEAD] * 3, [AHEAD] * 3)
    more = with_more_drivers(batch)
    assert torch.equal(more["source"], batch["source"]) and torch.equal(more["kp_source"], batch["kp_source"])
    assert more["kp_driving"].shape == (3, 3, 21, 3)
    places = more["kp_driving"][:, :2, 0, 0]
    assert torch.allclose(places, torch.tensor([[0.1, 0.3], [0.7, 0.6], [-0.2, -0.3]]))


def test_mouths_that_open_are_opened_farther():
    """As far as the mouth opens, up to three times; the rest of the face, and what closes, moves as it does."""
    shut, opened = face(0.0), face(0.1)
    batch = pair([shut, opened], [opened, shut])  # the first opens, the second closes: crossed, the other way
    torch.manual_seed(0)
    found = torch.stack([with_more_drivers(batch)["kp_driving"] for _ in range(20)])  # (20, 2, 3, 21, 3)
    gaps = lip_gap(found.flatten(0, 2)).view(20, 2, 3)
    assert torch.allclose(gaps[:, 0, 2], gaps[:, 0, 1], atol=ABS)  # the shut source shuts: nothing to open
    ratio = (gaps[:, 1, 2] - 0.1) / (gaps[:, 1, 1] - 0.1)
    assert ratio.min() > 1 and ratio.max() < 3 and ratio.max() - ratio.min() > 1
    others = [i for i in range(21) if i not in (*LIP, CHIN)]
    assert torch.equal(found[:, :, 2, others], found[:, :, 1, others])


@pytest.mark.parametrize("turn", [(0, 0, 0), (0, 0, 20), (0, 25, 0), (-15, 10, -10)])
def test_a_mouth_that_opens_stays_in_its_head(turn):
    """Whatever else the head does: the corners of the mouth move with it, and no farther."""
    shut, opened = face(0.0), face(0.1)
    R = get_rotation_matrix(*torch.tensor(turn, dtype=torch.float32)[:, None])[0]
    moved = 1.2 * opened @ R + torch.tensor([0.15, -0.1, 0.05])
    batch = pair([shut, shut], [moved, moved], R_driving=[R, R])
    torch.manual_seed(1)
    found = torch.cat([with_more_drivers(batch)["kp_driving"] for _ in range(20)])  # (40, 3, 21, 3)
    plain, farther = found[:, 1], found[:, 2]
    assert torch.allclose(plain, moved.expand_as(plain), atol=ABS)
    still = [*CORNERS, NOSE, CHIN]
    assert torch.allclose(farther[:, still], plain[:, still], atol=0.01)
    gap = (farther[:, LOWER_LIP] - farther[:, UPPER_LIP]).norm(dim=-1)
    assert gap.min() > 0.121 and 0.25 < gap.max() < 0.361
