"""The golden animations as our types."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch

from src.motion.keypoints import motion_from_kp_info
from src.motion.motion import Motion
from tests.motion.linear_networks import LinearNetworks

FOLDER = Path(__file__).parents[1] / "data" / "parity" / "pipeline"


@cache
def animation() -> dict[str, np.ndarray]:
    return dict(np.load(FOLDER / "animation.npz"))


@cache
def cases(tag: str) -> list[dict]:
    return [case for case in json.loads(str(animation()["cases"])) if case["tag"] == tag]


@cache
def networks() -> LinearNetworks:
    z = animation()
    return LinearNetworks(z["W_stitching"], z["W_eye"], z["W_lip"])


@cache
def motion(who: str) -> Motion:
    """All frames of "src" or "drv", with the ratios of their landmarks."""
    z = animation()
    info = {name: torch.from_numpy(z[f"{who}_{name}"]) for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")}
    still = motion_from_kp_info(info)
    points = torch.from_numpy(z[f"{who}_lmk"])
    eyes = torch.stack([_opening(points, 6, 18, 0, 12), _opening(points, 30, 42, 24, 36)], dim=1)
    lips = _opening(points, 90, 102, 48, 66)[:, None]
    return Motion(still.kp, still.R, still.exp, still.t, still.scale, eye_ratio=eyes, lip_ratio=lips)


def _opening(points: torch.Tensor, a: int, b: int, c: int, d: int) -> torch.Tensor:
    height, width = (points[:, a] - points[:, b]).norm(dim=1), (points[:, c] - points[:, d]).norm(dim=1)
    return height / (width + 1e-6)


def official_template(rotation: str = "R", lists: str | None = "c_{}_lst", **changes) -> dict:
    """The golden template as an official dict, in one of its layouts; a change to None leaves an entry out."""
    z = animation()
    names = {"scale": "scale", rotation: "R", "exp": "exp", "t": "t"} | (
        {"kp": "kp", "x_s": "x_s"} if rotation == "R" else {}
    )
    frames = [{name: z[f"tpl_{source}"][i] for name, source in names.items()} for i in range(4)]
    for frame in frames:  # as the official writer leaves it: not contiguous
        frame[rotation] = np.ascontiguousarray(frame[rotation].transpose(0, 2, 1)).transpose(0, 2, 1)
    content = {"n_frames": 4, "output_fps": 30, "motion": frames}
    if lists:
        content |= {lists.format(part): list(z[f"tpl_c_{part}_lst"]) for part in ("eyes", "lip")}
    content |= changes
    return {name: value for name, value in content.items() if value is not None}
