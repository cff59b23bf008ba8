import pytest
import torch

from src.modules.appearance_feature_extractor import AppearanceFeatureExtractor
from tests.parity import check


def test_golden(extractor):
    npz = check.load("appearance_feature_extractor")
    with check.assert_stages(npz, extractor, "F"):
        volume = extractor(check.example("image_F", 1, 3, 256, 256))
    check.assert_golden(npz, "feature_3d", volume, "F")


def test_half_size(extractor):
    assert extractor(check.example("image_F", 2, 3, 128, 64)).shape == (2, 32, 16, 32, 16)


def test_small_variant():
    small = AppearanceFeatureExtractor(
        1, 4, 3, max_features=24, reshape_channel=3, reshape_depth=8, num_resblocks=2
    ).eval()
    assert [block.conv.out_channels for block in small.down_blocks] == [8, 16, 24]
    assert small(torch.rand(1, 1, 32, 32)).shape == (1, 3, 8, 4, 4)


def test_channels_must_fill_the_volume():
    with pytest.raises(ValueError, match=r"got 512 and 32 \* 8 = 256"):
        AppearanceFeatureExtractor(reshape_depth=8)
