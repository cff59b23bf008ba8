"""The 203 points of the official stack (`landmark.onnx`), found near landmarks that are known already."""

from __future__ import annotations

from .crop import crop_image
from .face import Points, Rgb, Scheme
from .landmarks import Floats
from .network import Network, to_blob

_SIZE = 224
_OUTPUT = 2  # the third of the network's outputs


class Landmark203:
    """Finds 203 points of a face (spec: pipeline, section 5.2).

    Args:
        network: (1, 3, 224, 224) RGB in 0..1 -> three arrays, the last (1, 406) in 0..1 of the crop.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, rgb: Rgb, prior: Points, scheme: Scheme) -> Floats:
        """Points (203, 2) float32 in pixels of a picture.

        Args:
            rgb: (H, W, 3) uint8.
            prior: the 106 points of a detection, or the 203 points of the previous frame.
            scheme: which of the two.

        Raises:
            InputError: the prior landmarks have no extent.
        """
        crop = crop_image(rgb, prior, scheme, dsize=_SIZE, scale=1.5, vy_ratio=-0.1)
        output = self._network(to_blob(crop.image[None], 0.0, 255.0))[_OUTPUT]
        return crop.to_picture(output.reshape(-1, 2) * _SIZE)
