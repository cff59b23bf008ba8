"""The encoder: six times text fusion, a text layer and deformable self-attention (spec: xpose, section 6)."""

from __future__ import annotations

from torch import Tensor, nn

from .deformable_attention import DeformableAttention
from .fusion import FusionLayer, TextLayer
from .layers import WIDTH, Levels, feed_forward
from .reference_points import cell_centres

_LAYERS = 6
_FFN = 2048


class Encoder(nn.Module):
    """Makes a memory of the picture's tokens, and a class vector of the text."""

    def __init__(self) -> None:
        super().__init__()
        self.fusion_layers = nn.ModuleList(FusionLayer() for _ in range(_LAYERS))
        self.text_layers = nn.ModuleList(TextLayer() for _ in range(_LAYERS))
        self.layers = nn.ModuleList(EncoderLayer() for _ in range(_LAYERS))

    def forward(self, tokens: Tensor, position: Tensor, levels: Levels, text: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the encoder.

        Args:
            tokens: (N, 256), all levels one after the other.
            position: (N, 256), their encoded places.
            levels: height and width of each level.
            text: (1, 256).

        Returns:
            Memory (N, 256) and text (1, 256).
        """
        reference = cell_centres(levels, tokens.device)
        for fuse, read, look in zip(self.fusion_layers, self.text_layers, self.layers, strict=True):
            tokens, text = fuse(tokens, text)
            text = read(text)
            tokens = look(tokens, position, reference, levels)
        return tokens, text


class EncoderLayer(nn.Module):
    """Deformable self-attention and two linear layers, each followed by a norm: (N, 256) -> (N, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = DeformableAttention()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.linear1 = nn.Linear(WIDTH, _FFN)
        self.linear2 = nn.Linear(_FFN, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)

    def forward(self, tokens: Tensor, position: Tensor, reference: Tensor, levels: Levels) -> Tensor:
        """Apply the layer; `reference` (N, 2) holds the tokens' own centres."""
        tokens = self.norm1(tokens + self.self_attn(tokens + position, reference, tokens, levels))
        return self.norm2(tokens + feed_forward(tokens, self.linear1, self.linear2))
