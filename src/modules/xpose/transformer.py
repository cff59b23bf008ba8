"""Encoder, query selection and decoder (spec: xpose, sections 6 to 9)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import query_selection
from .decoder import Decoder, XPoseOutput, scores
from .encoder import Encoder
from .layers import MLP, WIDTH, Levels

LEVELS = 4
QUERIES = 900


class Transformer(nn.Module):
    """From the picture's tokens to the 50 candidates."""

    def __init__(self) -> None:
        super().__init__()
        self.level_embed = nn.Parameter(torch.zeros(LEVELS, WIDTH))
        self.encoder = Encoder()
        self.enc_output = nn.Linear(WIDTH, WIDTH)
        self.enc_output_norm = nn.LayerNorm(WIDTH)
        self.enc_out_bbox_embed = MLP(WIDTH, WIDTH, WIDTH, 4)
        self.tgt_embed = nn.Embedding(QUERIES, WIDTH)
        self.decoder = Decoder()

    def forward(self, tokens: Tensor, position: Tensor, levels: Levels, text: Tensor, points: Tensor) -> XPoseOutput:
        """Apply the transformer.

        Args:
            tokens: (N, 256), all levels one after the other; at least 900.
            position: (N, 256), their encoded places without the level's.
            levels: height and width of each level.
            text: (1, 256).
            points: (K, 256).
        """
        of_level = self.level_embed.repeat_interleave(_sizes(levels, tokens.device), dim=0)
        memory, text = self.encoder(tokens, position + of_level, levels, text)
        boxes = self._select(memory, levels, text)
        return self.decoder(self.tgt_embed.weight, boxes, memory, levels, text, points)

    def _select(self, memory: Tensor, levels: Levels, text: Tensor) -> Tensor:
        """Boxes (900, 4) of the tokens that fit the text best, best first."""
        logits, valid = query_selection.proposals(levels, memory.device)
        seen = self.enc_output_norm(self.enc_output(memory * valid[:, None]))
        best = query_selection.top_indices(scores(seen, text), QUERIES)
        return (self.enc_out_bbox_embed(seen[best]).float() + logits[best]).sigmoid()


def _sizes(levels: Levels, device: torch.device) -> Tensor:
    return torch.tensor([height * width for height, width in levels], device=device)
