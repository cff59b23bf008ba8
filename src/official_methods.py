"""`OfficialMethods`: the methods for tensors that the original's wrapper has, under their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .config.inference_config import InferenceConfig
from .config.options import RuntimeOptions
from .engine.check_tensor import expect
from .engine.engine import Engine, SourceFeatures
from .engine.networks import to_bytes
from .errors import InputError
from .face.face import Points, Rgb
from .face.landmarks import Floats, scheme_of
from .face.ratios import combined_eye_ratios, combined_lip_ratio, eye_ratios, lip_ratio
from .motion.keypoints import NUM_KP, transform_keypoint
from .motion.pose import get_rotation_matrix, headpose_pred_to_degree


class OfficialMethods:
    """What the original does to tensors, step by step (spec: pipeline, section 20).

    Tensors are float32 on the device; each method raises an `InputError` for tensors of another shape.

    Attributes:
        engine: the model.
        device: where it runs.
        inference_cfg: how motion and frames are treated.
    """

    engine: Engine
    device: torch.device
    inference_cfg: InferenceConfig

    def inference_ctx(self) -> AbstractContextManager[Any]:
        """No gradients."""
        return torch.no_grad()

    def update_config(self, user_args: Mapping[str, Any]) -> None:
        """Set those entries of the inference config that exist; others are ignored, as in the original.

        Raises:
            InputError: device and precision, which are fixed when the wrapper is made.
        """
        fixed = {field.name for field in fields(RuntimeOptions)} - {"batch_size"}
        if changed := sorted(fixed & user_args.keys()):
            raise InputError(f"{', '.join(changed)} cannot be changed later: make another LivePortraitWrapper for it")
        known = vars(self.inference_cfg)
        known.update({name: value for name, value in user_args.items() if name in known})

    def prepare_source(self, img: Rgb) -> Tensor:
        """A picture (H, W, 3) uint8 RGB as the networks take it: (1, 3, h, w) in 0..1; 256 x 256 for official weights.

        Raises:
            InputError: not such an array.
        """
        img = np.asarray(img)
        if img.ndim != 3 or img.shape[2] != 3 or img.dtype != np.uint8 or not img.size:
            raise InputError(f"prepare_source takes a picture (H, W, 3) uint8, got {img.shape} {img.dtype}")
        return self.engine.prepare(img[None])

    def prepare_videos(self, imgs: Sequence[Rgb] | NDArray[np.uint8]) -> Tensor:
        """Frames (T, H, W, 3) or (T, H, W, 3, 1) uint8 to (T, 1, 3, H, W) in 0..1, at their own size.

        Raises:
            InputError: frames of different sizes or of another kind.
        """
        sizes = sorted({np.shape(img) for img in imgs})
        if len(sizes) > 1:
            raise InputError(f"prepare_videos takes frames (T, H, W, 3) uint8 of one size, got {sizes}")
        frames = np.asarray(imgs)
        if frames.ndim == 5 and frames.shape[-1] == 1:
            frames = frames[..., 0]
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
            raise InputError(f"prepare_videos takes frames (T, H, W, 3) uint8, got {frames.shape} {frames.dtype}")
        tensor = torch.from_numpy(frames.astype(np.float32) / 255.0).clamp_(0, 1).to(self.device)
        return tensor.permute(0, 3, 1, 2)[:, None]  # (T, 1, 3, H, W)

    def extract_feature_3d(self, x: Tensor) -> Tensor | SourceFeatures:
        """Network F: a feature volume (1, 32, 16, 64, 64) for official weights, `SourceFeatures` for compact ones."""
        features = self.engine.encode_source(expect(x, "the source picture", 1, 3, None, None))
        return features.volume if features.picture is None else features

    def get_kp_info(self, x: Tensor, flag_refine_info: bool = True) -> dict[str, Tensor]:
        """Motion of pictures (B, 3, h, w): pitch, yaw, roll, t, exp, scale, kp.

        Args:
            x: prepared pictures.
            flag_refine_info: angles in degrees (B, 1), kp and exp (B, 21, 3); off: the heads as they come.
        """
        return self.engine.get_kp_info(expect(x, "the pictures", None, 3, None, None), refine=flag_refine_info)

    def get_pose_dct(self, kp_info: Mapping[str, Tensor]) -> dict[str, float]:
        """Pitch, yaw and roll of one picture (refined or raw info) in degrees, as Python floats."""
        return {name: headpose_pred_to_degree(kp_info[name]).item() for name in ("pitch", "yaw", "roll")}

    def get_fs_and_kp_info(
        self, source_prepared: Tensor, driving_first_frame: Tensor
    ) -> tuple[dict[str, Tensor], Tensor, Tensor | SourceFeatures, dict[str, Tensor], Tensor]:
        """Source info and rotation, source features, info and rotation of the first driving frame."""
        source, driving = self.get_kp_info(source_prepared), self.get_kp_info(driving_first_frame)
        R_s, R_d = (get_rotation_matrix(info["pitch"], info["yaw"], info["roll"]) for info in (source, driving))
        return source, R_s, self.extract_feature_3d(source_prepared), driving, R_d

    def transform_keypoint(self, kp_info: Mapping[str, Tensor]) -> Tensor:
        """Keypoints (B, 21, 3) under their pose, expression, scale and translation."""
        return transform_keypoint(kp_info)

    def retarget_eye(self, kp_source: Tensor, eye_close_ratio: Tensor) -> Tensor:
        """Keypoint deltas (B, 21, 3) for eye ratios (B, 3): left and right of the source, target."""
        ratios = expect(eye_close_ratio, "eye_close_ratio", None, 3)
        return self.engine.heads.retarget_eye(_keypoints(kp_source, "kp_source"), ratios)

    def retarget_lip(self, kp_source: Tensor, lip_close_ratio: Tensor) -> Tensor:
        """Keypoint deltas (B, 21, 3) for lip ratios (B, 2): source, target."""
        ratios = expect(lip_close_ratio, "lip_close_ratio", None, 2)
        return self.engine.heads.retarget_lip(_keypoints(kp_source, "kp_source"), ratios)

    def stitch(self, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
        """What network S says, (B, 65): 63 keypoint deltas, translation x and y."""
        x_s, x_d = _keypoints(kp_source, "kp_source"), _keypoints(kp_driving, "kp_driving")
        return self.engine.heads.stitch_delta(x_s, x_d)

    def stitching(self, kp_source: Tensor, kp_driving: Tensor) -> Tensor:
        """Driving keypoints (B, 21, 3) corrected by network S; the argument stays as it is."""
        x_s, x_d = _keypoints(kp_source, "kp_source"), _keypoints(kp_driving, "kp_driving")
        return self.engine.heads.stitch(x_s, x_d)

    def warp_decode(
        self, feature_3d: Tensor | SourceFeatures, kp_source: Tensor, kp_driving: Tensor
    ) -> dict[str, Tensor]:
        """Networks W and G: ``out`` (B, 3, 512, 512) in 0..1, and W's own results.

        Raises:
            InputError: the features are of another model.
        """
        features = SourceFeatures(feature_3d) if isinstance(feature_3d, Tensor) else feature_3d
        x_s, x_d = _keypoints(kp_source, "kp_source"), _keypoints(kp_driving, "kp_driving")
        return self.engine.warp_decode(features, x_s, x_d)

    def parse_output(self, out: Tensor) -> NDArray[np.uint8]:
        """Pictures (B, 3, H, W) in 0..1 to (B, H, W, 3) uint8, truncated as in the original."""
        return to_bytes(expect(out, "the output", None, 3, None, None)).cpu().numpy()

    def calc_ratio(self, lmk_lst: Sequence[Points]) -> tuple[list[Floats], list[Floats]]:
        """Eye ratios (1, 2) and lip ratio (1, 1) of landmarks frame by frame; 203 points or the mesh of 478."""
        schemes = [scheme_of(len(lmk)) for lmk in lmk_lst]
        eyes = [eye_ratios(lmk, scheme) for lmk, scheme in zip(lmk_lst, schemes, strict=True)]
        return eyes, [lip_ratio(lmk, scheme) for lmk, scheme in zip(lmk_lst, schemes, strict=True)]

    def calc_combined_eye_ratio(self, c_d_eyes_i: float | Floats, source_lmk: Points) -> Tensor:
        """Input of `retarget_eye` (1, 3): the source's eye ratios, and the driving ratio or wanted opening."""
        source = eye_ratios(source_lmk, scheme_of(len(source_lmk)))
        return torch.from_numpy(combined_eye_ratios(source, c_d_eyes_i)).to(self.device)

    def calc_combined_lip_ratio(self, c_d_lip_i: float | Floats, source_lmk: Points) -> Tensor:
        """Input of `retarget_lip` (1, 2): the source's lip ratio, and the driving ratio or wanted opening."""
        source = lip_ratio(source_lmk, scheme_of(len(source_lmk)))
        return torch.from_numpy(combined_lip_ratio(source, c_d_lip_i)).to(self.device)


def _keypoints(value: Tensor, name: str) -> Tensor:
    return expect(value, name, None, NUM_KP, 3)
