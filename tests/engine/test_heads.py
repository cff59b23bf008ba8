import pytest
import torch
from torch import Tensor, nn

from src.engine.heads import Heads
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from tests.tolerances import FLOAT32

SIZES = {"stitching": (126, 65), "eye": (66, 63), "lip": (65, 63)}


class Seen(nn.Module):
    """Answers with counted numbers and keeps what it was asked."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.arange(len(x) * self.columns).reshape(len(x), self.columns) / 100.0


@pytest.fixture
def heads() -> Heads:
    torch.manual_seed(0)
    networks = {name: StitchingRetargetingNetwork(columns, [16], out) for name, (columns, out) in SIZES.items()}
    return Heads(**networks)


@pytest.fixture
def seen() -> Heads:
    return Heads(**{name: Seen(out) for name, (_, out) in SIZES.items()})


@pytest.fixture
def x_s() -> Tensor:
    return torch.rand(1, 21, 3, generator=torch.Generator().manual_seed(1)) - 0.5


@pytest.fixture
def x_d() -> Tensor:
    return torch.rand(3, 21, 3, generator=torch.Generator().manual_seed(2)) - 0.5


def test_shapes(heads, x_s, x_d):
    assert heads.stitch_delta(x_s, x_d).shape == (3, 65)
    assert heads.stitch(x_s, x_d).shape == (3, 21, 3)
    assert heads.retarget_eye(x_s, torch.rand(3, 3)).shape == (3, 21, 3)
    assert heads.retarget_lip(x_s, torch.rand(3, 2)).shape == (3, 21, 3)


def test_what_the_networks_read(seen, x_s, x_d):
    ratios = torch.rand(3, 3)
    seen.stitch(x_s, x_d)
    assert torch.equal(seen.stitching.x, torch.cat([x_s.expand(3, -1, -1).flatten(1), x_d.flatten(1)], 1))
    seen.retarget_eye(x_d, ratios)
    assert torch.equal(seen.eye.x, torch.cat([x_d.flatten(1), ratios], 1))
    seen.retarget_lip(x_s, ratios[:, :2])
    assert torch.equal(seen.lip.x, torch.cat([x_s.expand(3, -1, -1).flatten(1), ratios[:, :2]], 1))


def test_stitching_adds_a_delta_a_keypoint_and_one_shift_in_the_picture(seen, x_s, x_d):
    before = x_d.clone()
    moved = seen.stitch(x_s, x_d) - x_d
    for i in range(3):
        answer = (torch.arange(65) + 65 * i) / 100
        expected = answer[:63].reshape(21, 3) + torch.tensor([answer[63], answer[64], 0])
        torch.testing.assert_close(moved[i], expected, rtol=0, atol=FLOAT32["ratio"].abs)
    assert torch.equal(x_d, before)


def test_a_batch_is_a_stack_of_singles(heads, x_s, x_d):
    ratios = torch.rand(3, 3)
    stitched, eyes = heads.stitch(x_s, x_d), heads.retarget_eye(x_s, ratios)
    for i in range(3):
        torch.testing.assert_close(heads.stitch(x_s, x_d[i : i + 1])[0], stitched[i])
        torch.testing.assert_close(heads.retarget_eye(x_s, ratios[i : i + 1])[0], eyes[i])


def test_no_gradients(heads, x_s, x_d):
    results = heads.stitch_delta(x_s, x_d), heads.stitch(x_s, x_d), heads.retarget_lip(x_s, torch.rand(3, 2))
    assert not any(result.requires_grad for result in results)


def test_batches_that_do_not_match(heads, x_d):
    with pytest.raises(RuntimeError):
        heads.stitch(x_d[:2], x_d)
    with pytest.raises(RuntimeError):
        heads.retarget_eye(x_d, torch.rand(2, 3))
