"""`SteadyBatches`: compiled networks are made anew for every size of batch, so they are given two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor

from .compiling import Compiler
from .engine import SourceFeatures

_Result = TypeVar("_Result")


class SteadyBatches:
    """Gives networks single frames, as live ones are, and batches of the largest size that there was.

    A clip's last batch is smaller than the others, and so is one whose frames do not all show the face: they are filled
    up.

    Args:
        compiler: of the networks; where it failed, batches are left as they come.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._largest = 1

    def run(
        self,
        draw: Callable[[SourceFeatures, Tensor, Tensor], _Result],
        features: SourceFeatures,
        x_s: Tensor,
        x_d: Tensor,
    ) -> _Result:
        """Draw a batch, perhaps among copies of its last entry.

        Args:
            draw: what the networks do with the rest.
            features: of one source, or of B sources.
            x_s: source keypoints, (1, K, 3) or (B, K, 3).
            x_d: driving keypoints, (B, K, 3).

        Returns:
            What was drawn of B or more entries, the first B of which were asked for.
        """
        n = len(x_d)
        if 1 < n < self._largest and self._compiler.works:
            index = [*range(n), *[n - 1] * (self._largest - n)]
            many = features if len(features) == 1 else features[index], x_s if len(x_s) == 1 else x_s[index]
            return draw(*many, x_d[index])
        result = draw(features, x_s, x_d)
        self._largest = max(self._largest, n)  # only now: the device may not have had the memory for so many
        return result
