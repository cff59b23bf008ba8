"""Exchange between the picture's tokens and the one text token, in the encoder (spec: xpose, section 6, a and b)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import WIDTH, attend_to_one

_INNER = 1024
_TEXT_HEADS = 4
_TEXT_FFN = 1024


class FusionLayer(nn.Module):
    """Attention both ways between tokens (N, 256) and text (1, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer_norm_v = nn.LayerNorm(WIDTH)
        self.layer_norm_l = nn.LayerNorm(WIDTH)
        self.attn = _BothWays()
        self.gamma_v = nn.Parameter(torch.ones(WIDTH))
        self.gamma_l = nn.Parameter(torch.ones(WIDTH))

    def forward(self, tokens: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and text after the exchange; what is added, is added to the normalised values."""
        tokens, text = self.layer_norm_v(tokens), self.layer_norm_l(text)
        to_tokens, to_text = self.attn(tokens, text)
        return tokens + self.gamma_v * to_tokens, text + self.gamma_l * to_text


class _BothWays(nn.Module):
    """What text gives to each token and tokens to the text, both (1, 256).

    There is one text token, so every token gets the same; and the projections of the tokens are linear, so they are
    applied to the text and to the weighted mean of the tokens instead of to each of some 20 000 tokens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.v_proj = nn.Linear(WIDTH, _INNER)
        self.l_proj = nn.Linear(WIDTH, _INNER)
        self.values_v_proj = nn.Linear(WIDTH, _INNER)
        self.values_l_proj = nn.Linear(WIDTH, _INNER)
        self.out_v_proj = nn.Linear(_INNER, WIDTH)
        self.out_l_proj = nn.Linear(_INNER, WIDTH)

    def forward(self, tokens: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        to_tokens = self.out_v_proj(self.values_l_proj(text))
        seen = tokens.float()
        # The bias of v_proj adds the same to all logits of a head, which the softmax does not see.
        query = self.l_proj(text).float().view(_TEXT_HEADS, 1, -1)  # (4, 1, 256)
        keys = (query @ self.v_proj.weight.float().view(_TEXT_HEADS, -1, WIDTH))[:, 0]  # (4, 256)
        weights = (seen @ keys.T * (_INNER // _TEXT_HEADS) ** -0.5).softmax(0)  # (N, 4)
        means = (weights.T @ seen)[..., None]  # (4, 256, 1)
        values = self.values_v_proj.weight.float().view(_TEXT_HEADS, -1, WIDTH) @ means  # (4, 256, 1)
        gathered = values.view(1, -1).to(tokens.dtype) + self.values_v_proj.bias
        return to_tokens, self.out_l_proj(gathered)


class TextLayer(nn.Module):
    """A transformer layer of the one text token, (1, 256) -> (1, 256): it attends to itself alone."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, _TEXT_HEADS)
        self.norm1 = nn.LayerNorm(WIDTH)
        self.linear1 = nn.Linear(WIDTH, _TEXT_FFN)
        self.linear2 = nn.Linear(_TEXT_FFN, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)

    def forward(self, text: Tensor) -> Tensor:
        """Apply the layer."""
        text = self.norm1(text + attend_to_one(self.self_attn, text))
        return self.norm2(text + self.linear2(F.relu(self.linear1(text))))
