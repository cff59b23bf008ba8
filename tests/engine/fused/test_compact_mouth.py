"""The texture of mouths against the plain form, with weights that leave nothing out."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from src.engine.fused import compact_sampling
from src.engine.fused.compact_mouth import FusedMouth
from src.engine.fused.compact_openings import Openings
from src.modules.compact.ellipses import mouth_ellipse
from src.modules.compact.mouth_texture import MouthTexture
from tests.tolerances import FLOAT32


@pytest.fixture
def mouths():
    """The texture of a mouth; keypoints of three faces, the last of which has its mouth shut; the source's."""
    torch.manual_seed(0)
    texture = MouthTexture(hidden=8, rows=6, columns=10, share=0.6).eval()
    for name, tensor in texture.state_dict().items():
        if tensor.is_floating_point() and name != "share":
            tensor.copy_(torch.rand_like(tensor) + 0.5 if "var" in name else 0.2 * torch.randn_like(tensor))
    kp = 0.1 * torch.randn(3, 21, 3)
    kp[:, 17], kp[:, 14] = torch.tensor([-0.2, 0.0, 0.0]), torch.tensor([0.2, 0.05, 0.0])
    kp[:, 20], kp[:, 19] = torch.tensor([0.0, -0.05, 0.0]), torch.tensor([0.0, 0.1, 0.0])
    kp[2, 19] = kp[2, 20]
    return texture, kp, kp[2:]


@torch.no_grad()
def painted(texture, kp, kp_source):
    """What the fused form makes of G's paint, (3, 64, 64, 3), what the plain one does, and the paint."""
    paint, warped = torch.rand(3, 3, 64, 64), torch.rand(3, 3, 64, 64)
    fused, rows = (F.pad(p, (0, 0, 0, 0, 0, 1)).permute(0, 2, 3, 1).contiguous() for p in (paint * 255, warped * 2 - 1))
    openings, mouth = Openings(kp.numpy(), kp_source.numpy()), FusedMouth(texture)
    mouth.mix(fused.numpy(), mouth.textures(list(rows.numpy()), kp.numpy(), openings), openings.apertures)
    wanted = texture.over(paint, warped, kp, kp_source.expand_as(kp))
    return [fused[..., :3] / 255, *(picture.permute(0, 2, 3, 1) for picture in (wanted, paint))]


def differ(fused, wanted):
    return float((fused - wanted).abs().max())


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("moved", [0.0, 0.9, 5.0], ids=["inside", "border", "outside"])
def test_the_mouth_is_painted_as_far_as_it_is_seen(monkeypatch, mouths, moved, share, exact):
    if not exact:
        monkeypatch.setattr(compact_sampling, "_samples_exactly", lambda: False)
    texture, kp, kp_source = mouths
    texture.share.fill_(share)
    fused, wanted, paint = painted(texture, kp + moved, kp_source + moved)
    assert differ(fused, wanted) < 2e-5  # 0.005 of 255 is not seen
    changed = ((fused - paint).abs().amax(-1) > 1e-6).flatten(1).any(1).tolist()
    assert changed == [moved < 1 and share > 0, moved < 1 and share > 0, False]


@pytest.mark.parametrize("share", [0.6, 1.0])
def test_inside_it_nothing_is_left_out(mouths, share):
    texture, kp, kp_source = mouths
    texture.share.fill_(share)
    fused, wanted, _ = painted(texture, kp, kp_source)
    inside = (mouth_ellipse(kp).draw(64)[:, 0] > 0.01)[..., None]
    assert inside.any() and differ(fused * inside, wanted * inside) < FLOAT32["compact_texture"].abs


@pytest.mark.parametrize("upright", [0.0, 1.0], ids=["no distance of the eyes", "a usual one"])
def test_a_face_from_the_side(mouths, upright):
    texture, kp, kp_source = mouths
    kp[:, 15] = kp[:, 11] + upright * torch.tensor([0.2, 0.1, 0.0])
    fused, wanted, _ = painted(texture, kp, kp_source)
    assert differ(fused, wanted) < 2e-5


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e30])
def test_a_frame_without_numbers_spoils_no_other(mouths, number):
    texture, kp, kp_source = mouths
    fused, wanted, _ = painted(texture, torch.cat([kp[:1], kp[1:] * number]), kp_source)
    assert differ(fused[0], wanted[0]) < 2e-5
