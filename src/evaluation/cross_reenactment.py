"""Cross-reenactment: pictures of people, driven by others, for which there is no real frame: landmarks tell the rest.

The motion is relative and stitched, as the product does it by default. What the result should show is the driver's
change since its most neutral frame, put on the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..motion.keypoints import transform_keypoint
from ..motion.mesh import motion_from_meshes, motion_with_shape
from ..motion.mesh_points import mean_face, opening
from ..motion.motion import Motion
from ..motion.transfer import Transfer
from ..motion.transfer_options import TransferOptions
from ..pipeline.progress import Progress, counted, silent
from .averages import ClipFigures
from .clip import Meshes, Pictures
from .common import Row, Sample, figures_in_common
from .face_parts import eye_distance
from .identity import closeness
from .judges import Judges
from .methods import CopyOfSource, Networks
from .people import Pair, Sitter


@dataclass(frozen=True)
class _Looked:
    """What is seen in a source: the same for all who drive it.

    Attributes:
        sitter: the source.
        mesh: that is found in it, (1, 478, 3); of the data where the face is missed.
        face: its embedding, (128,); None if not measured.
    """

    sitter: Sitter
    mesh: Meshes
    face: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Aim:
    """What the results of one pair should show.

    Attributes:
        source: the source's motion by its mesh.
        exp: the driver's change of expression, (n, 21, 3).
        R: where the head should turn, (n, 3, 3).
        ratios: how open eyes and lips should be, (n, 3).
    """

    source: Motion
    exp: Tensor
    R: Tensor
    ratios: NDArray[np.float64]


def keypoints_of(networks: Networks, pair: Pair, *, stitching: bool) -> tuple[Tensor, Tensor]:
    """Source keypoints (1, 21, 3) and driving keypoints (n, 21, 3) of a pair, by the product's relative transfer."""
    engine, sitter = networks.engine, pair.sitter
    source = networks.picture_motion(sitter.clip, sitter.frame)
    driving = networks.motion(pair.driver, [pair.first, *pair.frames])
    transfer = Transfer(
        TransferOptions(flag_stitching=stitching), source, driving, networks=engine.heads, neutral=engine.neutral_exp
    )
    return transform_keypoint(source), transfer.x_d(driving[1:], source)


def measure_cross(
    pairs: Sequence[Pair], methods: Sequence[Networks], judges: Judges, progress: Progress = silent
) -> list[ClipFigures]:
    """Drive every source by the frames of others.

    Args:
        pairs: who is driven by whom.
        methods: sets of weights; a copy of the source is measured beside them.
        judges: what looks at the pictures.
        progress: told about every pair.

    Returns:
        For every pair and method, over the frames in which every method shows a face: aed (mean distance of the change
        of expression from the driver's, in eye distances), apd (angle between the head's turn and the driver's,
        degrees), eye_ratio and lip_ratio (absolute errors), and where people can be told apart id_cosine and
        id_distance from the source; over all frames: lost.
    """
    samples, looked = [], None
    for pair in counted(pairs, "Cross-reenactment", len(pairs), progress):
        sitter = pair.sitter
        if looked is None or looked.sitter is not sitter:
            looked = _look(sitter, judges)
        aim = _aim(pair, looked.mesh)
        for name, drawn in _drawn(pair, methods):
            found = judges.finder.find(drawn, np.repeat(looked.mesh, len(drawn), axis=0))
            rows = [_row(aim, number, mesh, drawn[number], looked.face, judges) for number, mesh in enumerate(found)]
            label, lost = f"{sitter.name} <- {pair.driver.name}", [row is None for row in rows]
            samples.append(Sample(name, label, sitter.clip.identity, lost, faces={"faces": rows}))
    return figures_in_common(samples)


def _look(sitter: Sitter, judges: Judges) -> _Looked:
    mesh = judges.finder.find(sitter.picture, sitter.mesh)
    mesh = np.where(np.isnan(mesh), sitter.mesh, mesh)
    face = None if judges.identity is None else judges.identity.embed(sitter.picture, mesh)[0]
    return _Looked(sitter, mesh, face)


def _drawn(pair: Pair, methods: Sequence[Networks]) -> list[tuple[str, Pictures]]:
    sitter = pair.sitter
    results = []
    for method in methods:
        x_s, x_d = keypoints_of(method, pair, stitching=True)
        results.append((method.name, method.driven(method.features(sitter.clip, sitter.frame), x_s, x_d)))
    return [*results, (CopyOfSource.name, np.repeat(sitter.picture, len(pair.frames), axis=0))]


def _aim(pair: Pair, mesh: Meshes) -> _Aim:
    source, frames = motion_from_meshes(mesh), torch.tensor(pair.frames)
    driver, first = pair.driver.motion[frames], pair.driver.motion[pair.first]
    change = opening(pair.driver.meshes[pair.frames]) - opening(pair.driver.meshes[pair.first])
    return _Aim(
        source=source,
        exp=driver.exp - first.exp,
        R=driver.R @ first.R.transpose(1, 2) @ source.R,
        ratios=np.maximum(opening(mesh) + change, 0),
    )


def _row(
    aim: _Aim,
    number: int,
    found: Meshes,
    drawn: NDArray[np.uint8],
    face: NDArray[np.float64] | None,
    judges: Judges,
) -> Row | None:
    if np.isnan(found).any():
        return None
    result = motion_with_shape(found[None], aim.source.kp[0])
    moved = (result.exp - aim.source.exp)[0] - aim.exp[number]  # (21, 3)
    ratios = np.abs(opening(found) - aim.ratios[number])
    values = {
        "aed": float(moved.norm(dim=-1).mean()) / float(eye_distance(mean_face())),
        "apd": angle_between(result.R[0], aim.R[number]),
        "eye_ratio": float(ratios[:2].mean()),
        "lip_ratio": float(ratios[2]),
    }
    if face is None or judges.identity is None:
        return values
    cosine, distance = closeness(judges.identity.embed(drawn[None], found[None])[0], face)
    return {**values, "id_cosine": cosine, "id_distance": distance}


def angle_between(a: Tensor, b: Tensor) -> float:
    """Degrees by which one rotation (3, 3) differs from another."""
    cosine = (torch.trace(a.double().T @ b.double()) - 1) / 2
    return float(torch.rad2deg(torch.acos(cosine.clamp(-1, 1))))
