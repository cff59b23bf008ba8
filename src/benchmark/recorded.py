"""Inputs of the networks as they occur in a real run."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..config.inference_config import InferenceConfig
from ..engine.engine import SourceFeatures
from ..live_portrait_wrapper import LivePortraitWrapper
from ..media.video_reader import open_video
from ..weights.resolve import ResolvedModel
from .inputs import Inputs
from .stages import replaced


def recorded_inputs(model: ResolvedModel, device: str, source: Path, driving: Path, n_frames: int = 8) -> Inputs:
    """Source crop and keypoints as they occur when a clip drives a portrait.

    Args:
        model: files and definition, of people.
        device: where to run.
        source: portrait.
        driving: clip.
        n_frames: that are taken, spread over it.

    Raises:
        LivePortraitError: files that cannot be used.
    """
    wrapper = LivePortraitWrapper(
        InferenceConfig(device=device, engine="eager", precision="float32"),
        model=model.name,
        weights_dir=model.folder,
    )
    crops, poses = list[Tensor](), list[tuple[Tensor, Tensor]]()
    engine = wrapper.engine
    encode, draw = engine.encode_source, engine.draw

    def encode_noted(pictures: Tensor) -> SourceFeatures:
        crops.append(pictures)
        return encode(pictures)

    def draw_noted(features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Any:
        poses.append((x_s, x_d))
        return draw(features, x_s, x_d)

    clip = open_video(driving)
    every = max(clip.n_frames // n_frames, 1)
    frames = [frame.rgb for frame in islice(clip, 0, every * n_frames, every)]
    with replaced(engine, "encode_source", encode_noted), replaced(engine, "draw", draw_noted):
        wrapper.set_source(source)
        wrapper.drive(frames)
    return Inputs(crops[0], crops[0], poses[0][0], torch.cat([x_d for _, x_d in poses]))
