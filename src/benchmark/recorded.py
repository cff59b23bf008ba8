"""Inputs of the networks as they occur in a real run."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config.inference_config import InferenceConfig
from ..engine.engine import SourceFeatures
from ..errors import NoFaceError
from ..live_portrait_wrapper import LivePortraitWrapper
from ..media.video_reader import open_video
from ..weights.resolve import ResolvedModel
from .inputs import Inputs
from .stages import replaced


def recorded_inputs(model: ResolvedModel, device: str, source: Path, driving: Path, n_frames: int = 8) -> Inputs:
    """Crops and keypoints as they occur when a clip drives a portrait.

    Args:
        model: files and definition, of people.
        device: where to run.
        source: portrait.
        driving: clip.
        n_frames: that are taken, spread over it.

    Raises:
        LivePortraitError: files that cannot be used, or without a face.
    """
    wrapper = LivePortraitWrapper(
        InferenceConfig(device=device, engine="eager", precision="float32"),
        model=model.name,
        weights_dir=model.folder,
    )
    crops, views, poses = list[Tensor](), list[Tensor](), list[tuple[Tensor, Tensor]]()
    engine = wrapper.engine
    encode, prepare, draw = engine.encode_source, engine.prepare, engine.draw

    def encode_noted(pictures: Tensor) -> SourceFeatures:
        crops.append(pictures)
        return encode(pictures)

    def prepare_noted(pictures: NDArray[np.uint8]) -> Tensor:
        views.append(prepare(pictures))
        return views[-1]

    def draw_noted(features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Any:
        poses.append((x_s, x_d))
        return draw(features, x_s, x_d)

    clip = open_video(driving)
    every = max(clip.n_frames // n_frames, 1)
    frames = [frame.rgb for frame in islice(clip, 0, every * n_frames, every)]
    with replaced(engine, "encode_source", encode_noted):
        wrapper.set_source(source)
    with replaced(engine, "prepare", prepare_noted), replaced(engine, "draw", draw_noted):
        wrapper.drive(frames)
    if not poses:
        raise NoFaceError(f"no face found in the {len(frames)} frames of '{driving}' that were looked at: name another")
    seen = views or crops  # an engine that measures landmarks looks at no driving crop
    return Inputs(crops[0], torch.cat(seen), poses[0][0], torch.cat([x_d for _, x_d in poses]))
