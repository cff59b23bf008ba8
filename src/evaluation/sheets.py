"""Sheets of examples: what the figures are about, to be looked at. They show the people of the data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..motion.keypoints import transform_keypoint
from ..motion.mesh_points import opening
from ..motion.sliders import edit_portrait
from .choose_frames import neutral_frame
from .clip import Clip, Meshes
from .cross_reenactment import keypoints_of
from .face_parts import EYES, OUTER_LIPS, eye_distance
from .methods import Method, Networks
from .people import Pair, Sitter
from .tiles import Rgb, difference, enlarged, sheet_of

_TILE = 192  # pixels of an enlarged part
_MOUTH_HALF, _EYES_HALF = 0.75, 0.95  # of the side of enlarged parts, in eye distances
_YAWS = (-20.0, 20.0)  # degrees
_MOST_ROWS = 12

Show = Callable[[Rgb, Meshes], Rgb]  # a picture and the real frame's mesh -> what the sheet shows of it


def self_sheet(clips: Sequence[Clip], methods: Sequence[Method]) -> Rgb:
    """Of every clip the frame that moved farthest from the source: source, real, methods, error of the first one."""
    rows = []
    for clip in clips[:_MOST_ROWS]:
        source = neutral_frame(clip.motion)
        frame = farthest_frame(clip, source)
        real, drawn = clip.pictures([frame])[0], [method.draw(clip, source, [frame])[0] for method in methods]
        pictures = [clip.pictures([source])[0], real, *drawn, difference(drawn[0], real)]
        rows.append((f"{clip.name}\nframe {frame}", pictures))
    return sheet_of(["source", "real", *(method.name for method in methods), "error of the first x4"], rows)


def mouth_sheet(clips: Sequence[Clip], methods: Sequence[Method]) -> Rgb:
    """From closed lips to the widest open mouth, mouths enlarged."""
    return _parts_sheet(clips, methods, _widest_mouth, _mouth)


def blink_sheet(clips: Sequence[Clip], methods: Sequence[Method]) -> Rgb:
    """From open eyes to the most closed ones, eyes enlarged."""
    return _parts_sheet(clips, methods, _closed_eyes, _eyes)


def yaw_sheet(sitters: Sequence[Sitter], methods: Sequence[Networks]) -> Rgb:
    """Sources turned by -20 and 20 degrees of yaw, as the editor turns them (stitched)."""
    rows = []
    for sitter in sitters[:_MOST_ROWS]:
        pictures = [sitter.picture[0]]
        for method in methods:
            source = method.picture_motion(sitter.clip, sitter.frame)
            features = method.features(sitter.clip, sitter.frame)
            for yaw in _YAWS:
                x_d = edit_portrait(source, {"input_head_yaw_variation": yaw}, method.engine.heads)
                pictures.append(method.driven(features, transform_keypoint(source), x_d)[0])
        rows.append((sitter.name.replace("/", "\nframe "), pictures))
    columns = [f"{method.name} {yaw:+.0f}" for method in methods for yaw in _YAWS]
    return sheet_of(["source", *columns], rows)


def cross_sheet(pairs: Sequence[Pair], methods: Sequence[Networks]) -> Rgb:
    """Sources driven by others: source, the driver's first and driving frame, methods."""
    rows = []
    for pair in _one_a_sitter(pairs)[:_MOST_ROWS]:
        frame = farthest_frame(pair.driver, pair.first)
        shown = Pair(pair.sitter, pair.driver, pair.first, [frame])
        pictures = [pair.sitter.picture[0], *pair.driver.pictures([pair.first, frame])]
        for method in methods:
            x_s, x_d = keypoints_of(method, shown, stitching=True)
            pictures.append(method.driven(method.features(pair.sitter.clip, pair.sitter.frame), x_s, x_d)[0])
        rows.append((f"{pair.sitter.name}\n<- {pair.driver.name}\nframe {frame}", pictures))
    return sheet_of(["source", "driver, first", "driver", *(method.name for method in methods)], rows)


def farthest_frame(clip: Clip, source: int) -> int:
    """The frame whose keypoints lie farthest from those of another one."""
    x = transform_keypoint(clip.motion)
    return int((x - x[source]).norm(dim=-1).mean(1).argmax())


def _parts_sheet(
    clips: Sequence[Clip], methods: Sequence[Method], choose: Callable[[Clip], tuple[int, int, float]], show: Show
) -> Rgb:
    """The clips in which the change is greatest."""
    chosen = sorted(((clip, *choose(clip)) for clip in clips), key=lambda found: -found[3])[:_MOST_ROWS]
    rows = []
    for clip, source, frame, change in chosen:
        pictures = [*clip.pictures([source, frame]), *(method.draw(clip, source, [frame])[0] for method in methods)]
        mesh = clip.meshes[frame]
        parts = [show(pictures[0], clip.meshes[source]), *(show(picture, mesh) for picture in pictures[1:])]
        rows.append((f"{clip.name}\n{source} -> {frame}\nratio by {change:.2f}", parts))
    return sheet_of(["source", "real", *(method.name for method in methods)], rows)


def _widest_mouth(clip: Clip) -> tuple[int, int, float]:
    """The frame with the most closed lips, the one with the widest, and how far their ratios lie apart."""
    lips = opening(clip.meshes)[:, 2]
    return int(lips.argmin()), int(lips.argmax()), float(np.ptp(lips))


def _closed_eyes(clip: Clip) -> tuple[int, int, float]:
    eyes = opening(clip.meshes)[:, :2].mean(1)
    source = neutral_frame(clip.motion)
    return source, int(eyes.argmin()), float(eyes[source] - eyes.min())


def _mouth(picture: Rgb, mesh: Meshes) -> Rgb:
    return _part(picture, mesh, OUTER_LIPS, _MOUTH_HALF)


def _eyes(picture: Rgb, mesh: Meshes) -> Rgb:
    return _part(picture, mesh, EYES, _EYES_HALF)


def _part(picture: Rgb, mesh: Meshes, points: list[int], half: float) -> Rgb:
    plane: NDArray[np.float64] = mesh[points, :2]
    centre = (plane.min(0) + plane.max(0)) / 2
    return enlarged(picture, centre, half * float(eye_distance(mesh)), _TILE)


def _one_a_sitter(pairs: Sequence[Pair]) -> list[Pair]:
    """Of every sitter another driver, in turn."""
    sitters: dict[str, list[Pair]] = {}
    for pair in pairs:
        sitters.setdefault(pair.sitter.name, []).append(pair)
    return [own[number % len(own)] for number, own in enumerate(sitters.values())]
