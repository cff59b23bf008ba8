"""IResNet-50, the network of ArcFace: tells faces apart by descriptors of 512 numbers.

Source: Deng et al. (arXiv 1801.07698), section 3.1, on the improved residual units of Duta et al. (arXiv 2004.04989).
Attribute names are those of InsightFace's weights files. The network with 128 numbers that judges identity in the
evaluation does not fit here, and must not be made to: what is trained against cannot judge.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from ...errors import InputError
from ...weights.load import load_strict, read_state
from .backbone import FrozenNetwork

_SIZE = 112
_BLOCKS = (3, 4, 14, 3)
_WIDTHS = (64, 128, 256, 512)
_DESCRIPTOR = 512


class IResNet50(FrozenNetwork):
    """Aligned faces (B, 3, 112, 112) RGB in 0..1 to descriptors (B, 512), not normalised."""

    def __init__(self) -> None:
        super().__init__((0.5,) * 3, (0.5,) * 3)
        self.conv1 = nn.Conv2d(3, _WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_WIDTHS[0])
        self.prelu = nn.PReLU(_WIDTHS[0])
        fan_in = _WIDTHS[0]
        for i, (blocks, width) in enumerate(zip(_BLOCKS, _WIDTHS, strict=True), start=1):
            rest = [_Block(width, width) for _ in range(blocks - 1)]
            self.add_module(f"layer{i}", nn.Sequential(_Block(fan_in, width, stride=2), *rest))
            fan_in = width
        self.bn2 = nn.BatchNorm2d(fan_in)
        self.fc = nn.Linear(fan_in * (_SIZE // 16) ** 2, _DESCRIPTOR)
        self.features = nn.BatchNorm1d(_DESCRIPTOR)
        self.frozen()

    @classmethod
    def from_file(cls, path: Path) -> IResNet50:
        """With the weights of a file, ``.pth`` or ``.safetensors``.

        Raises:
            WeightsError: the file cannot be read, or does not fit.
        """
        network = cls()
        load_strict(network, read_state(path), f"'{path}'")
        return network

    def forward(self, faces: Tensor) -> Tensor:
        """Descriptors of faces.

        Raises:
            InputError: another size than 112 x 112.
        """
        if faces.shape[1:] != (3, _SIZE, _SIZE):
            raise InputError(f"aligned faces must be (B, 3, {_SIZE}, {_SIZE}), got {tuple(faces.shape)}")
        x = self.prelu(self.bn1(self.conv1(self.normalised(faces))))
        for i in range(1, len(_BLOCKS) + 1):
            x = self.get_submodule(f"layer{i}")(x)
        return self.features(self.fc(self.bn2(x).flatten(1)))


class _Block(nn.Module):
    """Norm, convolution, norm, PReLU, convolution, norm around a residual; the second convolution strides."""

    def __init__(self, fan_in: int, fan_out: int, stride: int = 1) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(fan_in)
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(fan_out)
        self.prelu = nn.PReLU(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(fan_out)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(fan_in, fan_out, 1, stride, bias=False), nn.BatchNorm2d(fan_out))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))
