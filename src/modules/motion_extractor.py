"""Network M: a picture to keypoints, head pose and expression (spec: networks, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .convnextv2 import ConvNeXtV2

BACKBONES = {"convnextv2_tiny": ((3, 3, 9, 3), (96, 192, 384, 768))}  # name: depths, dims


class MotionExtractor(nn.Module):
    """M: (B, 3, H, W) in 0..1, H and W divisible by 32, to the raw output of every head.

    Args:
        num_kp: number of keypoints, K.
        backbone: name of the backbone; there is only one.
        num_bins: classes of each head-pose angle.
        depths: blocks of each stage, if other than the backbone's.
        dims: channels of each stage, if other than the backbone's.

    Raises:
        ValueError: an unknown backbone, or depths and dims of different length.
    """

    def __init__(
        self,
        num_kp: int = 21,
        backbone: str = "convnextv2_tiny",
        num_bins: int = 66,
        depths: Sequence[int] | None = None,
        dims: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"unknown backbone {backbone!r}; there is {', '.join(BACKBONES)}")
        own_depths, own_dims = BACKBONES[backbone]
        self.detector = ConvNeXtV2(num_kp, num_bins, depths=depths or own_depths, dims=dims or own_dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Run the network.

        Returns:
            Raw outputs: ``pitch``, ``yaw``, ``roll`` (B, num_bins) logits; ``t`` (B, 3); ``exp``, ``kp`` (B, 3K);
            ``scale`` (B, 1).
        """
        return self.detector(image)
