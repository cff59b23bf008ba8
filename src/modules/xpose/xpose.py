"""X-Pose (UniPose with a Swin-T backbone), reduced to what finds one set of points in one picture (spec: xpose)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .decoder import MOST_POINTS, XPoseOutput
from .layers import MLP, WIDTH
from .position_encoding import encode_grid
from .swin_transformer import SwinTransformer
from .transformer import QUERIES, Transformer

__all__ = ["MOST_POINTS", "QUERIES", "XPose", "XPoseOutput"]

_CHANNELS = (192, 384, 768)  # of the backbone's features
_STRIDES = (8, 16, 32, 64)  # of the four levels
_TEXT = 512  # width of a CLIP embedding
_GROUPS = 32


class XPose(nn.Module):
    """Finds the points that text embeddings name. Attribute names are the official state_dict prefixes."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.ModuleList([SwinTransformer()])
        convolutions = [nn.Conv2d(channels, WIDTH, 1) for channels in _CHANNELS]
        convolutions.append(nn.Conv2d(_CHANNELS[-1], WIDTH, 3, stride=2, padding=1))
        self.input_proj = nn.ModuleList(nn.Sequential(conv, nn.GroupNorm(_GROUPS, WIDTH)) for conv in convolutions)
        self.projection = MLP(_TEXT, WIDTH, WIDTH, WIDTH)
        self.projection_kpt = MLP(_TEXT, WIDTH, WIDTH, WIDTH)
        self.transformer = Transformer()

    def forward(self, picture: Tensor, instance: Tensor, points: Tensor) -> XPoseOutput:
        """Apply the network, in the precision of its weights.

        Args:
            picture: (1, 3, H, W) RGB, normalised by the mean and deviation of ImageNet, large enough for 900 tokens.
            instance: (1, 512) embedding of what to look for.
            points: (K, 512) embeddings of its keypoints, K at most 68.
        """
        dtype = self.transformer.level_embed.dtype
        features = self.backbone[0](picture.to(dtype))
        maps = [project(feature) for project, feature in zip(self.input_proj, [*features, features[-1]], strict=True)]
        levels = [(map_.shape[2], map_.shape[3]) for map_ in maps]
        tokens = torch.cat([map_[0].flatten(1).T for map_ in maps])  # (N, 256)
        position = torch.cat([encode_grid(*level, picture.device) for level in levels]).to(dtype)
        text, keypoints = self.projection(instance.to(dtype)), self.projection_kpt(points.to(dtype))
        return self.transformer(tokens, position, levels, text, keypoints)


def token_count(height: int, width: int) -> int:
    """How many tokens a picture of this size has; the selection needs `QUERIES`."""
    return sum(-(-height // stride) * -(-width // stride) for stride in _STRIDES)
