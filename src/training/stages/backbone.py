"""The perceptual distance that a recipe names."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ..losses.perceptual import PerceptualLoss
from ..perceptual.backbone import Backbone
from ..perceptual.efficientnet_lite import EfficientNetLite0
from ..perceptual.vgg import vgg19

_VGG = "vgg19:"


def perceptual_loss(name: str) -> PerceptualLoss | None:
    """Make the perceptual distance of a recipe's `backbone`.

    Args:
        name: "none"; "efficientnet_lite0", whose weights come as a Python package; or "vgg19:" and the path of a
            weights file, which is what the papers use.

    Raises:
        InputError: no such backbone.
        MissingFileError: the package of the weights is not installed.
        WeightsError: the file cannot be read, or does not fit.
    """
    if name == "none":
        return None
    backbone: Backbone
    if name == "efficientnet_lite0":
        backbone = EfficientNetLite0.pretrained()
    elif name.startswith(_VGG) and len(name) > len(_VGG):
        backbone = vgg19(Path(name.removeprefix(_VGG)).expanduser())
    else:
        raise InputError(f"unknown backbone '{name}': take none, efficientnet_lite0, or vgg19:PATH_OF_ITS_WEIGHTS")
    return PerceptualLoss(backbone)
