"""Critics of the whole picture and of parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from ...errors import InputError
from ..losses.regions import WHOLE, region_crops
from .patch_critic import MultiScaleCritic, Verdict


@dataclass(frozen=True)
class CriticSize:
    """How large a critic is.

    Attributes:
        channels: of its layers.
        scales: at how many it looks.
        size: side of the crop that it sees, in pixels; None for `WHOLE`, which takes the picture as it is.
    """

    channels: Sequence[int] = (32, 64, 128)
    scales: int = 2
    size: int | None = None


class RegionCritics(nn.Module):
    """One multi-scale critic for the whole picture, and one for each part that boxes are given of.

    Source: LivePortrait (arXiv 2407.03168) section 3.2: GAN losses of the global region, the face and the lips, with
    discriminators of their own.

    Args:
        sizes: name of the part (`WHOLE`, "face", "lips", ...) to its critic; every part but the whole has a size.

    Raises:
        InputError: a part without a size, a size for the whole, a size too small for its critic, or no critic at all.
    """

    def __init__(self, sizes: Mapping[str, CriticSize]) -> None:
        super().__init__()
        if not sizes:
            raise InputError(f"name at least one critic, such as {WHOLE!r}, got none")
        for name, critic in sizes.items():
            if (name == WHOLE) != (critic.size is None):
                raise InputError(
                    f"a critic of a part needs the size of its crop, that of the {WHOLE} picture has none, "
                    f"got {critic.size} for {name!r}"
                )
        self.sizes = dict(sizes)
        self.critics = nn.ModuleDict(
            {name: MultiScaleCritic(size.channels, scales=size.scales) for name, size in sizes.items()}
        )
        for name, judge in self.critics.items():
            least, size = cast(MultiScaleCritic, judge).least, sizes[name].size
            if size is not None and size < least:
                raise InputError(
                    f"crops of {name} are {size} pixels a side, but a critic of {len(sizes[name].channels)} layers "
                    f"needs {least}: give critics: channels fewer layers, or a larger data: size"
                )

    def forward(self, pictures: Tensor, boxes: Mapping[str, Tensor]) -> dict[str, list[Verdict]]:
        """Judge pictures.

        Args:
            pictures: (B, 3, H, W) in 0..1.
            boxes: name of each part to its boxes (B, 4), see `region_boxes`; the whole picture has none.

        Returns:
            Name of each critic to its verdicts.

        Raises:
            InputError: boxes are missing, or pictures are too small.
        """
        missing = sorted(name for name in self.sizes if name != WHOLE and name not in boxes)
        if missing:
            raise InputError(
                f"critics need boxes of {', '.join(missing)}, got those of {', '.join(boxes) or 'nothing'}"
            )
        verdicts = {}
        for name, critic in self.critics.items():
            size = self.sizes[name].size
            seen = pictures if size is None else region_crops(pictures, boxes[name], size)
            verdicts[name] = critic(seen)
        return verdicts
