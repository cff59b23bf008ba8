"""The decoder: 900 boxes, the best 50 of which become groups with keypoints (spec: xpose, sections 8 and 9)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from . import query_selection
from .deformable_attention import DeformableAttention
from .layers import HEADS, MLP, WIDTH, Levels, attend_to_one, feed_forward
from .position_encoding import encode_boxes
from .reference_points import move

MOST_POINTS = 68
_LAYERS = 6
_BOX_LAYERS = 2  # the first ones, which know no keypoints
_GROUPS = 50
_FFN = 2048
_COMMON_POINTS = 17  # keypoints whose sizes are in the first of the two tables


class XPoseOutput(NamedTuple):
    """The 50 candidates, in the order of selection.

    Attributes:
        logits: (50,) float32; the highest is the answer.
        boxes: (50, 4) float32 cx, cy, w, h as fractions of the picture.
        keypoints: (50, K, 2) float32 x, y as fractions of the picture.
    """

    logits: Tensor
    boxes: Tensor
    keypoints: Tensor


class Decoder(nn.Module):
    """Turns the selected proposals into boxes and keypoints."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(_LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.ref_point_head = MLP(2 * WIDTH, WIDTH, WIDTH)
        self.bbox_embed = MLP(WIDTH, WIDTH, WIDTH, 4)
        self.pose_embed = MLP(WIDTH, WIDTH, WIDTH, 2)
        self.pose_hw_embed = MLP(WIDTH, WIDTH, WIDTH, 2)
        self.hw = nn.Embedding(_COMMON_POINTS, 2)
        self.hw_append = nn.Embedding(MOST_POINTS - _COMMON_POINTS, 2)

    def forward(
        self, queries: Tensor, boxes: Tensor, memory: Tensor, levels: Levels, text: Tensor, points: Tensor
    ) -> XPoseOutput:
        """Apply the decoder.

        Args:
            queries: (900, 256).
            boxes: (900, 4) float32 cx, cy, w, h as fractions.
            memory: (N, 256).
            levels: height and width of each level of the memory.
            text: (1, 256), the class vector.
            points: (K, 256), one a keypoint.
        """
        x, reference = queries[None], boxes[None]
        for layer in self.layers[:_BOX_LAYERS]:
            x = layer(x, self._position(reference, x.dtype), reference, memory, levels, text)
            reference = move(reference, self.bbox_embed(x))
        x, reference = self._group(x[0], reference[0], text, points)
        for layer in self.layers[_BOX_LAYERS:-1]:
            x = layer(x, self._position(reference, x.dtype), reference, memory, levels, text)
            reference = self._move_groups(reference, x)
        x = self.norm(self.layers[-1](x, self._position(reference, x.dtype), reference, memory, levels, text))
        reference = self._move_groups(reference, x)
        return XPoseOutput(scores(x[:, 0], text), reference[:, 0], reference[:, 1:, :2])

    def _position(self, reference: Tensor, dtype: torch.dtype) -> Tensor:
        return self.ref_point_head(encode_boxes(reference).to(dtype))

    def _group(self, x: Tensor, boxes: Tensor, text: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Queries (50, 1 + K, 256) and references (50, 1 + K, 4) of the best boxes, each followed by its keypoints."""
        best = query_selection.top_indices(scores(x, text), _GROUPS)
        boxes = boxes[best][:, None]  # (50, 1, 4)
        places = move(boxes[..., :2], self.pose_embed(points))  # (50, K, 2)
        sizes = torch.cat([self.hw.weight, self.hw_append.weight])[: len(points)].float().sigmoid() * boxes[..., 2:]
        x = torch.cat([x[best][:, None], points.expand(_GROUPS, -1, -1)], dim=1)
        return x, torch.cat([boxes, torch.cat([places, sizes], dim=-1)], dim=1)

    def _move_groups(self, reference: Tensor, x: Tensor) -> Tensor:
        box = self.bbox_embed(x[:, :1])
        points = torch.cat([self.pose_embed(x[:, 1:]), self.pose_hw_embed(x[:, 1:])], dim=-1)
        return move(reference, torch.cat([box, points], dim=1))


class DecoderLayer(nn.Module):
    """Attention inside each group, to the text and to the memory: queries (G, n, 256) -> (G, n, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.ca_text = nn.MultiheadAttention(WIDTH, HEADS)
        self.catext_norm = nn.LayerNorm(WIDTH)
        self.cross_attn = DeformableAttention()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.linear1 = nn.Linear(WIDTH, _FFN)
        self.linear2 = nn.Linear(_FFN, WIDTH)
        self.norm3 = nn.LayerNorm(WIDTH)

    def forward(
        self, x: Tensor, position: Tensor, reference: Tensor, memory: Tensor, levels: Levels, text: Tensor
    ) -> Tensor:
        """Apply the layer; `position` is (G, n, 256), `reference` (G, n, 4)."""
        placed = x + position
        x = self.norm2(x + self.self_attn(placed, placed, x, need_weights=False)[0])
        x = self.catext_norm(x + attend_to_one(self.ca_text, text))
        query = (x + position).flatten(0, 1)
        x = self.norm1(x + self.cross_attn(query, reference.flatten(0, 1), memory, levels).view_as(x))
        return self.norm3(x + feed_forward(x.flatten(0, 1), self.linear1, self.linear2).view_as(x))


def scores(tokens: Tensor, text: Tensor) -> Tensor:
    """How well tokens (N, 256) fit the text (1, 256): plain dot products (N,) in float32."""
    return tokens.float() @ text[0].float()
