"""The inside of the mouth as a texture: where it lies, what it knows, and what it leaves alone."""

import pytest
import torch

from src.modules.compact.ellipses import mouth_ellipse
from src.modules.compact.mouth_texture import FARTHEST, MouthTexture, _shape, draw_texture, face_colours, known

SIZE, LEFT_CORNER, RIGHT_CORNER, LOWER_LIP, UPPER_LIP = 128, 17, 14, 19, 20


@pytest.fixture
def open_mouths(x_d):
    """Keypoints (5, 21, 3) with mouths that are wide open."""
    kp = x_d.clone()
    kp[:, LOWER_LIP, 1] += 0.12
    return kp


def small(share=0.5):
    torch.manual_seed(0)
    return MouthTexture(hidden=8, rows=6, columns=10, share=share).eval()


def at(maps, points):
    """What maps (B, C, N, N) show at points (B, 2), (B, C)."""
    sampled = torch.nn.functional.grid_sample(maps, points[:, None, None], align_corners=False)
    return sampled[:, :, 0, 0]


def test_shapes_and_range(open_mouths):
    texture = small()(torch.rand(5, 12) * 9 - 4, open_mouths)
    assert texture.shape == (5, 3, 6, 10)
    assert float(texture.min()) >= 0 and float(texture.max()) <= 1


def test_a_texture_lies_between_the_lips(open_mouths):
    """Its upper rows at the upper lip, its left columns at the left corner."""
    rows = torch.linspace(0, 1, 12)[:, None].expand(12, 20)
    columns = torch.linspace(0, 1, 20)[None].expand(12, 20)
    texture = torch.stack([rows, columns, torch.full((12, 20), 0.3)]).expand(5, -1, -1, -1)
    drawn, mouth = draw_texture(texture, open_mouths, SIZE)
    assert drawn.shape == (5, 3, SIZE, SIZE) and mouth.shape == (5, 1, SIZE, SIZE)
    upper, lower, left, right = (
        at(drawn, open_mouths[:, point, :2]) for point in (UPPER_LIP, LOWER_LIP, LEFT_CORNER, RIGHT_CORNER)
    )
    assert (upper[:, 0] < 0.1).all() and (lower[:, 0] > 0.9).all()
    assert (left[:, 1] < 0.1).all() and (right[:, 1] > 0.9).all()
    torch.testing.assert_close(drawn[:, 2], torch.full_like(drawn[:, 2], 0.3))


def test_the_mouth_is_the_ellipse(open_mouths):
    _, mouth = draw_texture(torch.zeros(5, 3, 2, 2), open_mouths, SIZE)
    torch.testing.assert_close(mouth, mouth_ellipse(open_mouths).draw(SIZE), rtol=0, atol=1e-5)


def test_what_it_knows_of_a_mouth_is_not_where_the_face_is(open_mouths):
    turn = torch.tensor([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    moved = open_mouths @ turn.T * 0.7 + torch.tensor([0.1, -0.2, 0.3])
    torch.testing.assert_close(_shape(moved), _shape(open_mouths), rtol=0, atol=1e-4)
    opened = open_mouths.clone()
    opened[:, LOWER_LIP, 1] += 0.05
    assert float((_shape(opened) - _shape(open_mouths)).abs().amax(1).min()) > 0.1


def test_colours_are_those_at_the_keypoints(open_mouths):
    x = torch.linspace(-1, 1, 129)[:-1] + 1 / 128
    picture = torch.stack([x[None].expand(128, 128), x[:, None].expand(128, 128), torch.zeros(128, 128)])
    kp = open_mouths.clamp(-0.9, 0.9)
    seen = face_colours(picture.expand(5, -1, -1, -1), kp).unflatten(1, (4, 3))
    wanted = [kp[:, 4], kp[:, 5], kp[:, 7], (kp[:, 6] + kp[:, 12]) / 2]
    torch.testing.assert_close(seen[..., :2], torch.stack(wanted, 1)[..., :2], rtol=0, atol=1e-3)


def test_the_share_of_the_texture_is_mixed_in(open_mouths, x_d):
    paint, warped = torch.rand(5, 3, SIZE, SIZE), torch.rand(5, 3, SIZE, SIZE)
    texture = small(share=0.6)
    drawn, mouth = draw_texture(texture(face_colours(warped, open_mouths), open_mouths), open_mouths, SIZE)
    wanted = paint + 0.6 * mouth * (drawn - paint)
    assert float((wanted - paint).abs().max()) > 0.1
    shut = x_d.clone()
    shut[:, LOWER_LIP] = shut[:, UPPER_LIP]
    torch.testing.assert_close(texture.over(paint, warped, open_mouths, shut), wanted, rtol=0, atol=1e-6)
    assert torch.equal(small(share=0.0).over(paint, warped, open_mouths, shut), paint)
    assert torch.equal(texture.over(paint, warped, open_mouths, open_mouths), paint)  # the source shows all of it


def test_a_turned_head_is_no_stranger_than_the_farthest(open_mouths):
    """In a profile the pupils coincide, and lengths in their distance have no end."""
    texture = small()
    texture.norm.running_mean.copy_(known(torch.full((5, 12), 0.5), open_mouths).mean(0))
    kp = open_mouths - open_mouths.mean(1, keepdim=True)
    for degrees in (80, 89, 90):
        angle = torch.tensor(degrees).deg2rad()
        turn = torch.tensor([[angle.cos(), 0, -angle.sin()], [0, 1, 0], [angle.sin(), 0, angle.cos()]])
        x = texture.norm(known(torch.full((5, 12), 0.5), kp @ turn))
        assert float(x.abs().max()) > 4 * FARTHEST
        clamped = texture.mlp(x.clamp(-FARTHEST, FARTHEST)).unflatten(1, (3, 6, 10)).clamp(0, 1)
        torch.testing.assert_close(texture(torch.full((5, 12), 0.5), kp @ turn), clamped)


def test_the_share_goes_with_the_weights():
    weights = small(share=0.25).state_dict()
    other = small(share=0.75)
    other.load_state_dict(weights)
    assert float(other.share) == 0.25
