import pytest
import torch

from src.modules.convnextv2 import ConvNeXtV2
from src.modules.motion_extractor import MotionExtractor
from tests.parity import check

HEADS = ["pitch", "yaw", "roll", "t", "exp", "scale", "kp"]
SMALL = {"depths": (1, 1, 2, 1), "dims": (4, 6, 8, 10)}


def test_golden(motion_extractor):
    npz = check.load("motion_extractor")
    with check.assert_stages(npz, motion_extractor, "M"):
        heads = motion_extractor(check.example("image_M", 2, 3, 256, 256))
    assert list(heads) == HEADS
    for name, value in heads.items():
        check.assert_golden(npz, name, value, "M")


def test_half_size(motion_extractor):
    heads = motion_extractor(check.example("image_M", 1, 3, 128, 96))
    assert heads["exp"].shape == (1, 63)
    assert all(value.isfinite().all() for value in heads.values())


def test_small_variant():
    small = MotionExtractor(num_kp=5, num_bins=30, **SMALL).eval()
    shapes = {name: tuple(value.shape) for name, value in small(torch.rand(3, 3, 64, 32)).items()}
    assert shapes == {
        "pitch": (3, 30),
        "yaw": (3, 30),
        "roll": (3, 30),
        "t": (3, 3),
        "exp": (3, 15),
        "scale": (3, 1),
        "kp": (3, 15),
    }


def test_backbone_defaults():
    """The reference's own, which are not those of the published model."""
    backbone = ConvNeXtV2(**SMALL)
    assert (backbone.fc_kp.out_features, backbone.fc_yaw.out_features) == (72, 66)


def test_unknown_backbone():
    with pytest.raises(ValueError, match=r"'resnet50'; there is convnextv2_tiny"):
        MotionExtractor(backbone="resnet50")


def test_depths_and_dims_go_together():
    with pytest.raises(ValueError, match=r"got \[1, 1\] and \[4\]"):
        ConvNeXtV2(depths=(1, 1), dims=(4,))
