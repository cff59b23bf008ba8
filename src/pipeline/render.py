"""Frames of the result, as a stream: keypoints, networks, paste-back, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import LivePortraitError
from ..face.face import Rgb
from ..motion.transfer import Transfer
from ..motion.transfer_options import TransferOptions
from .driving import Driving
from .source import Source


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One frame of the result.

    Attributes:
        crop: what the networks made, (512, 512, 3) uint8.
        frame: the whole picture with the crop pasted back; the crop itself where nothing is pasted back.
    """

    crop: Rgb
    frame: Rgb


def render(
    engine: Engine, source: Source, driving: Driving, options: TransferOptions, batch_size: int | None = None
) -> Iterator[RenderedFrame]:
    """Animate a source picture (spec: pipeline, sections 9, 11 and 12).

    What the options lack (no ratios in a template, say) is reported before the first frame.

    Args:
        engine: the model.
        source: the portrait.
        driving: one frame of motion per frame of the result.
        options: how the motion is carried over.
        batch_size: frames that go through the networks at once; None = what suits the engine.

    Raises:
        InputError: the motion lacks what the options need.
    """
    motion = driving.template.motion.to(engine.device)
    transfer = Transfer(
        options,
        source.motion,
        motion,
        driving_is_video=driving.is_video,
        networks=engine.heads,
        neutral=engine.neutral_exp,
    )

    def frames() -> Iterator[RenderedFrame]:
        size = batch_size or engine.batch_size
        for start in range(0, len(motion), size):
            x_d = transfer.x_d(motion[start : start + size], source.motion)
            for crop in parse_output(_pictures(engine, source, x_d)):
                whole = crop if source.paste_back is None else source.paste_back.paste(crop, source.frame)
                yield RenderedFrame(crop, whole)

    return frames()


def _pictures(engine: Engine, source: Source, x_d: Tensor) -> Tensor:
    """The networks' pictures (B, 3, 512, 512) of driving keypoints (B, 21, 3)."""
    try:
        return engine.warp_decode(source.features, source.x_s, x_d)["out"]
    except torch.OutOfMemoryError as error:
        raise LivePortraitError(
            f"the memory of {engine.device} does not hold {len(x_d)} frames at once: "
            "use a smaller --batch_size, or --device cpu"
        ) from error


def parse_output(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures (B, 3, H, W) in 0..1 to (B, H, W, 3) uint8, truncated as the original does (spec quirk Q40)."""
    scaled = pictures.clamp(0, 1).mul(255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def transfer_options(args: ArgumentConfig) -> TransferOptions:
    """The motion options among the arguments; the rest keeps its defaults.

    Raises:
        InputError: a value that is not allowed.
    """
    given = vars(args)
    return TransferOptions(
        **{field.name: given[field.name] for field in fields(TransferOptions) if field.name in given}
    )
