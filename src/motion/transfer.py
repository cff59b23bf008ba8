"""`Transfer`: the driver's motion put on the source (spec: pipeline, sections 9, 10, 14 and 15).

Every combination of source (picture or video), driver (video or still) and options runs through the same four steps:

1. target: where the driver would bring expression and rotation if it moved everything,
2. moved: the target in the chosen region, the source elsewhere,
3. joined: eye and lip retargeting, stitching, corrections of the source's own eyes and lips,
4. the final multiplier.

What differs between combinations is the `Rule`, made once.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import InputError
from .keypoints import LIP_ARRAY, calc_motion_multiplier, transform_keypoint
from .motion import Motion
from .retarget import KeypointNetworks, eye_delta, lip_delta, measured
from .smooth import smooth
from .transfer_options import TransferOptions
from .transfer_rule import animal_options, make_rule

DEFAULT_EYE_OPENING = 0.39  # of a source video whose first frame blinks


class Transfer:
    """Moves a source face as a driver moves, in batches of frames, with the state that all frames share made once.

    Frame i of the driver moves frame i of a source video (the caller has cut both to one length); a still driver or a
    source picture is one frame for all. Inputs are never changed.

    Args:
        options: what to transfer.
        source: the picture (one frame), or all frames of a source video.
        driving: the first frame is enough for a source picture; all frames for a source video.
        source_is_video: a source video is smoothed and keeps its own position and size.
        driving_is_video: a still driver is compared with the neutral face instead of its first frame.
        networks: S, R_eyes and R_lip; None leaves stitching out.
        animal: the animals' path: absolute motion scaled to the source's size, other motion options without effect.
        neutral: expression of relaxed, closed lips in the model's keypoints, (21, 3).

    Raises:
        InputError: if frames or measurements that the options need are missing.
    """

    def __init__(
        self,
        options: TransferOptions,
        source: Motion,
        driving: Motion,
        *,
        source_is_video: bool = False,
        driving_is_video: bool = True,
        networks: KeypointNetworks | None = None,
        animal: bool = False,
        neutral: Tensor = LIP_ARRAY,
    ) -> None:
        if source_is_video and driving_is_video and len(source) != len(driving):
            raise InputError(f"source video and driver differ in length: {len(source)} and {len(driving)} frames")
        if not source_is_video and len(source) != 1:
            raise InputError(f"a source picture is one frame, got {len(source)}")
        if animal and source_is_video:
            raise InputError("animals are animated from a picture, not from a video")
        self.options = animal_options(options) if animal else options
        self._networks = networks or _WithoutNetworks()
        self._first = driving[0]
        self._rule = make_rule(
            self.options,
            self._first,
            neutral,
            source_is_video=source_is_video,
            driving_is_video=driving_is_video,
            animal=animal,
        )
        self._smoothed: tuple[Tensor, Tensor] | None = None
        if source_is_video and driving_is_video:
            exp, R = self._target(source, driving)
            variance = self.options.driving_smooth_observation_variance
            self._smoothed = smooth(exp, variance), smooth(R, variance)
        self._friendly = self._friendly_start(source) if self._rule.friendly else None
        self._eye_opening = self._even_eye_opening(source) if source_is_video else None
        self.x_d(self._first, source[0])  # a rehearsal: whatever is missing is reported before the work starts

    def x_d(self, driving: Motion, source: Motion, start: int = 0) -> Tensor:
        """Driving keypoints, ready for the warping network.

        Args:
            driving: B consecutive frames, or the one frame of a still driver.
            source: the picture (one frame), or the B frames of a source video.
            start: index of the first of these frames; it matters for a source video, whose motion was smoothed.

        Returns:
            (B, 21, 3).
        """
        n = max(len(source), len(driving))
        source, driving = source.expand(n), driving.expand(n)
        x_s = transform_keypoint(source)
        x = transform_keypoint(self._moved(source, driving, start))
        if self._friendly is not None:
            origin, volume_ratio = self._friendly
            x = (x - origin) * volume_ratio + x_s
        x = self._joined(x, x_s, source, driving)
        return x_s + (x - x_s) * self.options.driving_multiplier

    def _target(self, source: Motion, driving: Motion) -> tuple[Tensor, Tensor]:
        """Expression (B, 21, 3) and rotation (B, 3, 3) that follow the driver completely."""
        if not self.options.flag_relative_motion:
            return driving.exp, driving.R
        exp = source.exp + (driving.exp - self._rule.base_exp)
        return exp, driving.R @ self._first.R.transpose(1, 2) @ source.R

    def _moved(self, source: Motion, driving: Motion, start: int) -> Motion:
        """The source with the driver's motion in the chosen region."""
        if self._smoothed is None:
            exp, R = self._target(source, driving)
        else:
            exp, R = (sequence[start : start + len(source)] for sequence in self._smoothed)
            if len(exp) != len(source):
                raise InputError(f"frames {start}..{start + len(source) - 1} lie outside of the clip that was prepared")
        rule, relative = self._rule, self.options.flag_relative_motion
        t = source.t + (driving.t - self._first.t) if relative else driving.t
        return replace(
            source,
            exp=torch.lerp(source.exp, exp, rule.weight),  # exact at weights 0 and 1
            R=R if rule.moves_pose else source.R,
            t=t if rule.shifts else source.t,
            scale=source.scale * (driving.scale / self._first.scale) if rule.scales else source.scale,
        )

    def _joined(self, x: Tensor, x_s: Tensor, source: Motion, driving: Motion) -> Tensor:
        """Retargeting before stitching, or corrections of the source after it (spec: pipeline, section 9.5)."""
        if not self.options.retargets:
            return self._stitched(x_s, x) + self._corrections(x_s, source)
        base = x_s if self.options.replaces_motion else x
        return self._stitched(x_s, base + self._retargeting(x_s, source, driving))

    def _stitched(self, x_s: Tensor, x: Tensor) -> Tensor:
        return self._networks.stitch(x_s, x) if self.options.flag_stitching else x

    def _retargeting(self, x_s: Tensor, source: Motion, driving: Motion) -> Tensor:
        """The driver's eye and lip opening on the source, (B, 21, 3)."""
        options, delta = self.options, torch.zeros_like(x_s)
        if options.flag_eye_retargeting:
            eyes = measured(driving.eye_ratio, "eye", "driver")
            target = eyes[:, :1] if options.driving_eye == "left" else eyes.mean(dim=1, keepdim=True)
            delta = delta + options.eyes_retargeting_ratio * eye_delta(self._networks, source, x_s, target)
        if options.flag_lip_retargeting:
            lips = measured(driving.lip_ratio, "lip", "driver")
            delta = delta + options.lip_retargeting_ratio * lip_delta(self._networks, source, x_s, lips)
        return delta

    def _corrections(self, x_s: Tensor, source: Motion) -> Tensor:
        """Closed lips and evenly opened eyes of the source itself, (B, 21, 3)."""
        delta = torch.zeros_like(x_s)
        if self.options.flag_normalize_lip and self.options.flag_relative_motion:
            opened = measured(source.lip_ratio, "lip", "source") >= self.options.lip_normalize_threshold  # (B, 1)
            delta = delta + opened[:, None] * lip_delta(self._networks, source, x_s, 0.0)
        if self._eye_opening is not None:
            delta = delta + eye_delta(self._networks, source, x_s, self._eye_opening)
        return delta

    def _friendly_start(self, source: Motion) -> tuple[Tensor, float]:
        """Driven keypoints of frame 0, (1, 21, 3), and the ratio of the faces' volumes."""
        x_s = transform_keypoint(source)
        origin = transform_keypoint(self._moved(source, self._first, 0))
        if self.options.expression_scale == "official":
            return origin, calc_motion_multiplier(x_s, origin)
        if self._first.kp.isnan().any():
            raise InputError("this driver's template has no canonical keypoints, which expression_scale=true needs")
        return origin, calc_motion_multiplier(x_s, transform_keypoint(self._first))

    def _even_eye_opening(self, source: Motion) -> float | None:
        """To what the eyes of all frames of a source video are opened; None: they are left alone."""
        options = self.options
        if not options.flag_source_video_eye_retargeting or options.retargets:
            return None
        opening = measured(source.eye_ratio, "eye", "source")[0].mean().item()
        return opening if opening >= options.source_video_eye_retargeting_threshold else DEFAULT_EYE_OPENING


class _WithoutNetworks:
    """Stands in where the networks S, R_eyes and R_lip are not there."""

    def stitch(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        return x_d

    def retarget_eye(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        raise InputError("eye retargeting needs the network R_eyes, which was not loaded")

    def retarget_lip(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        raise InputError("lip retargeting needs the network R_lip, which was not loaded")
