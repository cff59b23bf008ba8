"""Frames of the result, as a stream: keypoints and networks, a batch at a time (spec: pipeline, sections 9 and 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine, SourceFeatures
from ..errors import LivePortraitError
from ..face.face import Rgb
from ..face.paste_back import PasteBack
from ..motion.motion import Motion
from ..motion.transfer import Transfer
from ..motion.transfer_options import TransferOptions
from .animal_options import LIPS, WITHOUT_ANIMALS
from .driving import Driving
from .portrait import Portrait, Views
from .progress import batched
from .source import Source
from .timeline import Timeline


@dataclass(frozen=True, eq=False)
class RenderedFace:
    """One face in one frame of the result.

    Attributes:
        crop: what the networks made, (N, N, 3) uint8; the untouched crop where the frame does not show the face.
        preview: the crop of the source.
        paste_back: pastes the crop into the frame; None where nothing is to be pasted.
    """

    crop: Rgb
    preview: Rgb
    paste_back: PasteBack | None


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One frame of the result, before its faces are pasted back.

    Attributes:
        frame: the source's frame.
        faces: one entry per portrait.
        pastes: whether the result is the frame with the crops pasted back, or the crops themselves.
    """

    frame: Rgb
    faces: Sequence[RenderedFace]
    pastes: bool


class Renderer(Protocol):
    """Draws one face of the source, batch by batch."""

    def faces(self, start: int, frames: Sequence[Rgb], size: int | None) -> list[RenderedFace]:
        """The face in consecutive frames, the first of which has the index `start`; `size` is the crops' side."""
        ...


class FaceRenderer:
    """Animates one face of the source, batch by batch.

    What the options lack (no ratios in a template, say) is reported at once.

    Args:
        engine: the model.
        portrait: the face.
        driving: its driver; None leaves it as it is.
        timeline: the frames of the result.
        options: how the motion is carried over.
        source_is_video: whether the face comes from a video.

    Raises:
        InputError: the motion lacks what the options need.
    """

    def __init__(
        self,
        engine: Engine,
        portrait: Portrait,
        driving: Driving | None,
        timeline: Timeline,
        options: TransferOptions,
        *,
        source_is_video: bool,
    ) -> None:
        self._engine, self._portrait, self._source_is_video = engine, portrait, source_is_video
        self._transfer: Transfer | None = None
        if driving is None:
            return
        self._driving_moves = driving.is_video
        self._motion: Motion = driving.motion_at(timeline.positions(driving)).to(engine.device)
        self._transfer = Transfer(
            options,
            portrait.motion[: timeline.n_frames],
            self._motion,
            source_is_video=source_is_video,
            driving_is_video=driving.is_video,
            networks=engine.heads,
            animal=engine.moves_absolutely,
            neutral=engine.neutral_exp,
        )

    def faces(self, start: int, frames: Sequence[Rgb], size: int | None) -> list[RenderedFace]:
        """The face in consecutive frames.

        Args:
            start: index of the first of them.
            frames: B of the source's frames.
            size: side of the crops; None = as the networks make them.
        """
        keypoints = None if self._transfer is None else partial(self._keypoints, self._transfer)
        return render_face(self._engine, self._portrait, keypoints, start, frames, size)

    def _keypoints(self, transfer: Transfer, start: int, stop: int) -> Tensor:
        """Driving keypoints of a range of frames, (B, 21, 3)."""
        source = self._portrait.motion[start:stop] if self._source_is_video else self._portrait.motion
        driving = self._motion[start:stop] if self._driving_moves else self._motion.expand(stop - start)
        return transfer.x_d(driving, source, start)


def render(
    source: Source, renderers: Sequence[Renderer], timeline: Timeline, *, batch_size: int, size: int | None = None
) -> Iterator[RenderedFrame]:
    """Animate all faces of a source, frame by frame.

    Args:
        source: picture or video.
        renderers: one per portrait.
        timeline: the frames of the result.
        batch_size: frames that go through the networks at once.
        size: side of the crops; None = as the networks make them.
    """
    start = 0
    for frames in batched(source.frames(timeline.n_frames), batch_size):
        faces = [renderer.faces(start, frames, size) for renderer in renderers]
        start += len(frames)
        for frame, *shown in zip(frames, *faces, strict=True):
            yield RenderedFrame(frame, shown, source.pastes)


def render_face(
    engine: Engine,
    portrait: Portrait,
    keypoints: Callable[[int, int], Tensor] | None,
    start: int,
    frames: Sequence[Rgb],
    size: int | None,
) -> list[RenderedFace]:
    """One face of the source in consecutive frames; those that do not show it stay as they are.

    Args:
        engine: the model.
        portrait: the face.
        keypoints: gives the driving keypoints (B, 21, 3) from one index up to another; None = all stays as it is.
        start: index of the first frame.
        frames: B of the source's frames.
        size: side of the crops; None = as the networks make them.
    """
    stop = start + len(frames)
    shown = [] if keypoints is None else portrait.shown(start, stop)
    rendered: dict[int, RenderedFace] = {}
    if shown and keypoints is not None:
        views = portrait.views(shown, [frames[index - start] for index in shown])
        x_d = keypoints(start, stop)[[index - start for index in shown]]
        rendered = dict(zip(shown, render_views(engine, views, x_d, size), strict=True))
    return [
        rendered.get(index) or _untouched(engine, portrait, index, frame, size)
        for index, frame in enumerate(frames, start)
    ]


def _untouched(engine: Engine, portrait: Portrait, index: int, frame: Rgb, size: int | None) -> RenderedFace:
    crop = portrait.untouched(index, frame)
    return RenderedFace(sized(crop, size or engine.output_size), crop, None)


def render_views(engine: Engine, views: Views, x_d: Tensor, size: int | None) -> list[RenderedFace]:
    """One face under B driving poses.

    Args:
        engine: the model.
        views: the face in B frames.
        x_d: driving keypoints, (B, 21, 3).
        size: side of the crops; None = as the networks make them.
    """
    crops = _pictures(engine, views.features, views.x_s, x_d)
    return [
        RenderedFace(sized(crop, size), preview, paste_back)
        for crop, preview, paste_back in zip(crops, views.previews, views.paste_backs, strict=True)
    ]


def _pictures(engine: Engine, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> NDArray[np.uint8]:
    """The networks' pictures (B, N, N, 3) of driving keypoints (B, 21, 3)."""
    try:
        return engine.draw(features, x_s, x_d)
    except torch.OutOfMemoryError as error:
        raise LivePortraitError(
            f"the memory of {engine.device} does not hold {len(x_d)} frames at once: "
            "use a smaller --batch_size, or --device cpu"
        ) from error


def sized(crop: Rgb, size: int | None) -> Rgb:
    """A crop at the wanted side; None = as it is."""
    if size is None or crop.shape[:2] == (size, size):
        return crop
    how = cv2.INTER_AREA if size < min(crop.shape[:2]) else cv2.INTER_LINEAR
    return cv2.resize(crop, (size, size), interpolation=how).astype(np.uint8, copy=False)


def transfer_options(args: ArgumentConfig) -> TransferOptions:
    """The motion options among the arguments; the rest keeps its defaults, as does what animals do not know.

    Raises:
        InputError: a value that is not allowed.
    """
    given = vars(args)
    names = {field.name for field in fields(TransferOptions)} - set(WITHOUT_ANIMALS if args.animals else ())
    options = TransferOptions(**{name: given[name] for name in names if name in given})
    return replace(options, lip_retargeting_ratio=LIPS * options.lip_retargeting_ratio) if args.animals else options
