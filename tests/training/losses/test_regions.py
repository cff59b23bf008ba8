import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.modules.compact.grid import centre_grid
from src.motion.mesh_points import mean_face, mean_keypoints
from src.training.losses.regions import points_box, region_boxes, region_crops, region_masks

MESH = torch.tensor(mean_face(), dtype=torch.float32)[None]
KEYPOINTS = torch.tensor(mean_keypoints(), dtype=torch.float32)[None]
coordinate = st.floats(-0.9, 0.9)


def test_points_box_by_hand():
    points = torch.tensor([[[0.0, 0.0, 9.0], [0.4, 0.1, -9.0]]])
    torch.testing.assert_close(points_box(points), torch.tensor([[0.0, -0.15, 0.4, 0.25]]))
    torch.testing.assert_close(points_box(points, margin=0.5), torch.tensor([[-0.2, -0.35, 0.6, 0.45]]))


def test_a_single_point_has_a_small_box():
    left, top, right, bottom = points_box(torch.zeros(1, 1, 2))[0]
    assert right - left == bottom - top == pytest.approx(0.02)


@pytest.mark.parametrize("points", [MESH, KEYPOINTS], ids=["mesh", "keypoints"])
def test_parts_lie_in_the_face_where_they_should(points: torch.Tensor):
    face, lips, eyes = (region_boxes(points, name)[0] for name in ("face", "lips", "eyes"))
    for part in (lips, eyes):
        assert (part[:2] > face[:2]).all() and (part[2:] < face[2:]).all()
    assert (eyes[1] + eyes[3]) / 2 < lips[1]
    assert eyes[0] < lips[0] and eyes[2] > lips[2]


def test_boxes_hold_their_points():
    eyes = region_boxes(MESH, "eyes", margin=0)[0]
    corners = MESH[0, [33, 263], :2]
    assert (corners >= eyes[:2] - 1e-6).all() and (corners <= eyes[2:] + 1e-6).all()
    lips = region_boxes(MESH, "lips", margin=0)[0]
    assert lips[0] == pytest.approx(MESH[0, 61, 0].item()) and lips[2] == pytest.approx(MESH[0, 291, 0].item())


@settings(deadline=None, max_examples=30)
@given(coordinate, coordinate, st.floats(0.1, 1), st.integers(1, 9))
def test_a_crop_shows_the_places_of_its_box(x: float, y: float, side: float, size: int):
    """A picture of its own coordinates is cropped to the coordinates of the box."""
    box = torch.tensor([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]])
    places = centre_grid(32, 32, like=box).permute(2, 0, 1)[None]
    crop = region_crops(places, box, size)
    expected = torch.tensor([x, y]) + side / 2 * centre_grid(size, size, like=box)
    inside = expected.clamp(-1 + 1 / 32, 1 - 1 / 32)  # beyond the last centre the edge is held
    torch.testing.assert_close(crop[0].permute(1, 2, 0), inside, atol=1e-5, rtol=0)


def test_the_whole_picture_is_itself():
    picture = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(region_crops(picture, torch.tensor([-1.0, -1, 1, 1]), 16), picture)
    quarter = region_crops(picture, torch.tensor([[-1.0, -1, 0, 0], [0, 0, 1, 1]]), 8)
    torch.testing.assert_close(quarter, torch.stack([picture[0, :, :8, :8], picture[1, :, 8:, 8:]]))


def test_crops_are_differentiable():
    picture = torch.rand(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    box = torch.tensor([[-0.51, -0.43, 0.37, 0.59]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p, b: region_crops(p, b, 3), (picture, box))


def test_masks():
    mask = region_masks(torch.tensor([[-0.5, -0.25, 0.5, 0.25], [0.0, 0.0, 1.0, 1.0]]), 64)
    assert mask.shape == (2, 1, 64, 64)
    wide, corner = mask[:, 0]
    assert wide[32, 32] > 0.95 and wide[0, 0] < 1e-6
    assert wide[32, 15:17].mean() == pytest.approx(0.5, abs=0.01)  # x = -0.5
    assert wide[23:25, 32].mean() == pytest.approx(0.5, abs=0.02)  # y = -0.25
    torch.testing.assert_close(wide, wide.flip(0, 1))
    assert corner[48, 48] > 0.95 and corner[16, 16] < 1e-6


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="got 68 points"):
        region_boxes(torch.zeros(1, 68, 2), "lips")
    with pytest.raises(InputError, match="unknown region 'nose'"):
        region_boxes(MESH, "nose")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"must be \(B, N, 2 or 3\)"):
        points_box(torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"\(3, 4\)"):
        region_crops(torch.zeros(3, 3, 8, 8), torch.zeros(2, 4), 4)
    with pytest.raises(InputError, match=r"\(B, 4\)"):
        region_masks(torch.zeros(4), 8)
