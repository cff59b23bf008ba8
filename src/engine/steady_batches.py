"""`SteadyBatches`: compiled networks are made anew for every size of batch, so they are given few of them."""

from __future__ import annotations

from torch import Tensor

from .engine import SourceFeatures

Batch = tuple[SourceFeatures, Tensor, Tensor]


class SteadyBatches:
    """Fills batches up to a size that was there before.

    A clip's last batch is smaller than the others, and so is one whose frames do not all show the face: compiling for
    their sizes would take minutes. A size that comes twice in a row is here to stay (a live session after a clip), and
    gets networks of its own.
    """

    def __init__(self) -> None:
        self._sizes = set[int]()
        self._last = 0

    def filled(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Batch:
        """A batch, perhaps with copies of its last entry behind it.

        Args:
            features: of one source, or of B sources.
            x_s: source keypoints, (1, K, 3) or (B, K, 3).
            x_d: driving keypoints, (B, K, 3).
        """
        n = len(x_d)
        size = self._size(n)
        if size == n:
            return features, x_s, x_d
        index = [*range(n), *[n - 1] * (size - n)]
        return features if len(features) == 1 else features[index], x_s if len(x_s) == 1 else x_s[index], x_d[index]

    def _size(self, n: int) -> int:
        enough = [size for size in self._sizes if size >= n]
        stays, self._last = n == self._last, n
        if enough and not stays:
            return min(enough)
        self._sizes.add(n)
        return n
