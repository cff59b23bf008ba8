"""Networks that are one row of layers, such as VGG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from ...weights.load import load_strict, read_state
from .backbone import IMAGENET_MEAN, IMAGENET_STD, FrozenNetwork, checked_taps, tapped

_PREFIX = "features."


class SequentialFeatures(FrozenNetwork):
    """ImageNet features of a row of layers: (B, 3, H, W) RGB in 0..1 to a list of feature maps.

    Args:
        layers: of the network; those behind the last tap are dropped.
        taps: numbers of the layers whose outputs are the features, ascending.

    Raises:
        InputError: no such layer, or not in order.
    """

    def __init__(self, layers: Sequence[nn.Module], taps: Sequence[int]) -> None:
        super().__init__(IMAGENET_MEAN, IMAGENET_STD)
        self.taps = checked_taps(taps, len(layers))
        self.features = nn.Sequential(*layers[: self.taps[-1] + 1])
        self.frozen()

    def load(self, path: Path) -> None:
        """Take weights from a file with keys ``features.N.weight`` and ``features.N.bias``.

        Layers that the network does not have (the classifier, those behind the last tap) are passed over.

        Raises:
            WeightsError: the file cannot be read, or does not fit.
        """
        state = read_state(path)
        wanted = {key: value for key, value in state.items() if self._has(key)}
        load_strict(self, wanted, f"'{path}'")

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The outputs of the tapped layers, finest first."""
        return tapped(self.normalised(pictures), self.features, self.taps)

    def _has(self, key: str) -> bool:
        number = key.removeprefix(_PREFIX).partition(".")[0]
        return key.startswith(_PREFIX) and number.isdecimal() and int(number) < len(self.features)
