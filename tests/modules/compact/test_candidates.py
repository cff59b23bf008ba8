import pytest
import torch

from src.modules.compact.candidates import blend, candidate_motions, squared_distances
from src.modules.compact.grid import centre_grid

AFFINE = torch.tensor([[[0.9, -0.2], [0.3, 1.1]], [[1.0, 0.0], [0.0, 1.0]]])


def keypoints() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 3, generator=random) - 0.5, torch.rand(2, 3, 3, generator=random) - 0.5


@pytest.mark.parametrize("size", [(5, 6), (2, 5, 6)])
def test_each_candidate_is_the_affine_about_its_keypoint(size):
    driving, source = keypoints()
    grid = centre_grid(*size, like=driving)
    motions = candidate_motions(grid, driving, source, AFFINE)
    assert motions.shape == (2, 4, *grid.shape)
    assert torch.equal(motions[:, 0], grid.expand(2, *grid.shape))
    n = grid.shape[-1]
    for b in range(2):
        for k in range(3):
            offset = grid - driving[b, k, :n]
            offset[..., :2] = offset[..., :2] @ AFFINE[b].T
            torch.testing.assert_close(motions[b, k + 1], offset + source[b, k, :n])


def test_squared_distances():
    kp, _ = keypoints()
    wanted = ((centre_grid(4, 6, like=kp) - kp[:, :, None, None, :2]) ** 2).sum(-1)
    torch.testing.assert_close(squared_distances(kp, 4, 6), wanted)


def test_blend_follows_the_logits():
    motions = torch.rand(1, 3, 4, 4, 2)
    logits = torch.zeros(1, 3, 4, 4)
    torch.testing.assert_close(blend(motions, logits), motions.mean(1))
    logits[:, 2] = 100
    torch.testing.assert_close(blend(motions, logits), motions[:, 2])
