"""W and G of the compact model, and the warp of the crop, in the form in which they are exported."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.compact.aperture import paint_map
from ...modules.compact.compose import warp_picture
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ..compact_sizes import INTERNAL_SIZE, OUTPUT_SIZE, shrunk


class CompactForm(nn.Module):
    """What `EagerCompact.warp_decode` computes; bicubic enlarging is two products.

    ONNX Runtime's own bicubic resizing takes five times as long as all the rest.

    Args:
        w: W with its weights.
        g: G with its weights.
    """

    enlarging: Tensor

    def __init__(self, w: CompactWarpingNetwork, g: CompactSPADEDecoder) -> None:
        super().__init__()
        self.w, self.g = w, g
        each = torch.eye(INTERNAL_SIZE)[None, None]
        enlarging = F.interpolate(each, size=(OUTPUT_SIZE, INTERNAL_SIZE), mode="bicubic", align_corners=False)
        self.register_buffer("enlarging", enlarging[0, 0])  # (512, 128)

    def forward(self, volume: Tensor, picture: Tensor, is_grey: Tensor, x_s: Tensor, x_d: Tensor) -> tuple[Tensor, ...]:
        """Draw B frames.

        Args:
            volume: (B, C, D, H, W).
            picture: source crops, (B, 3, 512, 512) in 0..1.
            is_grey: whose result shall have no colours, (B,) bool.
            x_s: (B, 21, 3).
            x_d: (B, 21, 3).

        Returns:
            Pictures (B, 3, 512, 512) in 0..1, and the flow (B, 2, S, S).
        """
        feature, flow = self.w(volume, x_d, x_s)
        residual, paint = self.g(feature, warp_picture(shrunk(picture), flow), x_d, x_s)
        share = paint_map(x_d, x_s, OUTPUT_SIZE)
        out = torch.lerp(warp_picture(picture, flow), self._enlarged(paint), share) + self._enlarged(residual)
        out = torch.where(is_grey[:, None, None, None], out.mean(dim=1, keepdim=True), out)
        return out.clamp(0, 1), flow

    def _enlarged(self, x: Tensor) -> Tensor:
        return torch.matmul(self.enlarging, torch.matmul(x, self.enlarging.T))
