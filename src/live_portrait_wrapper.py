"""`LivePortraitWrapper`: the one object behind the command line, the apps, the service and the Python API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .config.argument_config import ArgumentConfig
from .config.call_options import call_options, live_options
from .config.crop_config import CropConfig
from .config.inference_config import InferenceConfig
from .config.options import RuntimeOptions
from .config.split import join_configs, split_arguments
from .engine.check_tensor import expect
from .engine.create import create_engine
from .engine.device import device_of
from .engine.engine import SourceFeatures
from .errors import InputError
from .face.create_detector import create_animal_detector, create_detector
from .face.face import FaceDetector, Points, Rgb
from .face.landmarks import Floats, scheme_of
from .face.ratios import combined_eye_ratios, combined_lip_ratio, eye_ratios, lip_ratio
from .motion.keypoints import NUM_KP, transform_keypoint
from .motion.pose import degrees, get_rotation_matrix, headpose_pred_to_degree
from .motion.template_pickle import OFFICIAL_MODEL
from .pipeline.animate import animate
from .pipeline.finders import Finders
from .pipeline.live import LiveSession, open_session
from .pipeline.one_picture import motion_of_picture
from .pipeline.plan import check_run
from .pipeline.progress import Progress, silent
from .pipeline.render import parse_output
from .pipeline.result import AnimationResult
from .pipeline.user_path import user_path
from .weights.resolve import resolve_model


class LivePortraitWrapper:
    """A model that is ready to animate: `execute()` for files, the official methods for tensors.

    Weights are looked up (and fetched, if need be) at construction and read when a network is first used. All methods
    take and return float32 tensors on the wrapper's device unless they say otherwise.

    Args:
        inference_cfg: how motion and frames are treated, and the device; None = the command line's defaults.
        crop_cfg: how faces are found and framed; None = the command line's defaults.
        model: "auto", "base" or "compact" (of `LivePortraitWrapperAnimal`: "animals" in place of "base").
        weights_dir: folder with official weights in the official layout.
        device: "auto", "cpu", "cuda", "cuda:1", "mps"; None = what `inference_cfg` says. If given, the wrapper has an
            `inference_cfg` of its own; the caller's stays as it is.

    Raises:
        InputError: a device that is not there, or a model that does not exist.
        WeightsError: weights that are missing and cannot be fetched.
    """

    animals: ClassVar[bool] = False
    official_model: ClassVar[str] = "base"

    def __init__(
        self,
        inference_cfg: InferenceConfig | None = None,
        *,
        crop_cfg: CropConfig | None = None,
        model: str = "auto",
        weights_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> None:
        self._check_model(model)
        inference_cfg = inference_cfg or self.default_config()
        self.inference_cfg = inference_cfg if device is None else replace(inference_cfg, device=device)
        self.crop_cfg = crop_cfg or CropConfig()
        self.device = device_of(join_configs(self.inference_cfg, self.crop_cfg))
        folder = None if weights_dir is None else _weights_folder(weights_dir, model)
        self._resolved = resolve_model(model, folder, official=self.official_model)
        self.engine = create_engine(
            self._resolved,
            self.device,
            half=self.inference_cfg.flag_use_half_precision,
            compile_networks=self.inference_cfg.flag_do_torch_compile,
        )
        self._session: LiveSession | None = None
        self._making = Lock()

    @classmethod
    def from_arguments(cls, args: ArgumentConfig) -> LivePortraitWrapper:
        """The wrapper that a command line asks for.

        Raises:
            LivePortraitError: also for mistakes in the options and files, before any weights are looked for.
        """
        cls._check_model(args.model)
        check_run(replace(args, animals=cls.animals))
        inference_cfg, crop_cfg = split_arguments(args)
        return cls(inference_cfg, crop_cfg=crop_cfg, model=args.model, weights_dir=args.weights_dir)

    @classmethod
    def default_config(cls) -> InferenceConfig:
        """How motion and frames are treated if nobody says anything."""
        return InferenceConfig()

    @classmethod
    def _check_model(cls, model: str) -> None:
        """Raise for the model of the other script; names that nobody knows are told where models are looked up."""
        if model in ("base", "animals") and model != cls.official_model:
            raise InputError(
                f"--model {model} is for {'people' if cls.animals else 'animals'}: "
                f"use {'inference.py' if cls.animals else 'inference_animals.py'} for it, "
                f"or here auto, {cls.official_model} or compact"
            )

    def _once(self, name: str, make: Callable[[], FaceDetector]) -> FaceDetector:
        """The attribute of that name, made by one thread while others wait."""
        with self._making:
            if name not in self.__dict__:
                self.__dict__[name] = make()
        detector: FaceDetector = self.__dict__[name]
        return detector

    def _detector_of_people(self) -> FaceDetector:
        return create_detector(
            self.crop_cfg.detector,
            official_model=self.engine.keypoints == OFFICIAL_MODEL,
            weights_dir=self._resolved.folder,
            device=str(self.device),
            threshold=self.crop_cfg.det_thresh,
        )

    def _detector_of_animals(self) -> FaceDetector:
        crop_cfg = self.crop_cfg
        return create_animal_detector(
            crop_cfg.animal_detector,
            weights_dir=self._resolved.folder,
            device=str(self.device),
            threshold=crop_cfg.det_thresh,
            points=crop_cfg.animal_face_type,
        )

    @cached_property
    def detector(self) -> FaceDetector:
        """Finds people's faces; read from disk when first needed."""
        return self._once("detector", self._detector_of_people)

    @cached_property
    def animal_detector(self) -> FaceDetector:
        """Finds animals in pictures: X-Pose where its network is there; read from disk when first needed."""
        return self._once("animal_detector", self._detector_of_animals)

    @cached_property
    def _animal_detector_of_clips(self) -> FaceDetector:
        """Finds animals frame by frame: X-Pose takes seconds for each."""
        name = "_animal_detector_of_clips"
        return self._once(name, lambda: create_animal_detector("catface", device=str(self.device)))

    @property
    def _finders(self) -> Finders:
        return Finders(lambda: self.detector, lambda: self.animal_detector, lambda: self._animal_detector_of_clips)

    def execute(
        self, args: ArgumentConfig | None = None, *, progress: Progress = silent, **options: Any
    ) -> AnimationResult:
        """Animate a portrait with a driver and write the result. May be called from several threads.

        Args:
            args: all options; None = this wrapper's configs and the defaults.
            progress: called as the work goes on.
            options: single options by official or command-line name, for this call only
                (``source_image=``, ``driving_video=``, ``output=``, ``flag_stitching=``, ...). Source and drivers may
                be paths, bytes, open files, PIL images, arrays (H, W, 3) or frames (T, H, W, 3) uint8 RGB (25 a
                second); a list of drivers is one for each of the ``faces``,
                but a list of pictures is the frames of one driver.

        Returns:
            Path of the result, with ``.concat``, ``.gif``, ``.template``, ``.n_frames``, ``.fps``, ``.report``.

        Raises:
            TypeError: an option that does not exist, or that is fixed when the wrapper is made.
            LivePortraitError: anything about the inputs that the caller can mend.
        """
        args = self._arguments(args, options)
        return animate(self.engine, self._finders, args, progress)

    def set_source(self, source_image: Any, **options: Any) -> LiveSession:
        """Take a portrait that `drive` will move: what is expensive about it is computed here, once.

        Args:
            source_image: a picture: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB.
            options: single options, as for `execute`, that hold until the next source is set; none about files. Of
                animals the driver is a person unless ``driving_kind="animal"`` is given.

        Returns:
            The session, for callers that drive several sources at a time; `drive` uses the last one.

        Raises:
            TypeError: an option that does not exist, is fixed when the wrapper is made, or means nothing here.
            NoFaceError: the picture shows no face.
            LivePortraitError: anything else about the picture that the caller can mend.
        """
        args = live_options(self._arguments(None, {}), source_image, options)
        self._session = open_session(self.engine, self._finders, args)
        return self._session

    def drive(self, frames: Any) -> Rgb | list[Rgb]:
        """The source under the motion of the next driving frames, as from a camera.

        The first frame that shows a face counts as neutral; frames without a face hold the last motion.

        Args:
            frames: one frame, an array (H, W, 3) uint8 RGB or a PIL image, or several in an array or list.

        Returns:
            One frame (H', W', 3) uint8 RGB, or a list of as many as were given.

        Raises:
            InputError: no source was set, or not such frames.
        """
        if self._session is None:
            raise InputError("there is no source to drive: call set_source first")
        if isinstance(frames, list | tuple) or np.ndim(frames) == 4:
            return self._session.drive(frames)
        return self._session.drive([frames])[0]

    def motion_extractor(self, frame: Any, *, crop: bool | None = None) -> dict[str, Any]:
        """Head pose and expression of the face in one picture.

        Args:
            frame: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB; or a prepared tensor (1, 3, h, w).
            crop: find the face and crop to it first; None = where the model needs that, or the picture is not square.

        Returns:
            ``pitch``, ``yaw``, ``roll`` in degrees and ``scale`` as floats; ``R`` (3, 3), ``t`` (3,), ``exp`` and
            ``kp`` (21, 3) as float32 arrays.

        Raises:
            NoFaceError: the picture shows no face where one is needed.
            InputError: not a picture.
        """
        if isinstance(frame, Tensor):
            motion = self.engine.get_motion(expect(frame, "the picture", 1, 3, None, None))
        else:
            args = self._arguments(None, {})
            motion = motion_of_picture(frame, self.engine, self._finders, args, crop=crop)
        pitch, yaw, roll = (float(angle) for angle in degrees(motion.R))
        values = {name: getattr(motion, name)[0].cpu().numpy() for name in ("R", "t", "exp", "kp")}
        return {"pitch": pitch, "yaw": yaw, "roll": roll, "scale": float(motion.scale), **values}

    def _arguments(self, args: ArgumentConfig | None, options: Mapping[str, Any]) -> ArgumentConfig:
        """The arguments of one call: a copy, so that no call changes what another one sees."""
        args = join_configs(self.inference_cfg, self.crop_cfg) if args is None else args
        if args.model not in ("auto", self.engine.name):
            raise InputError(
                f"these arguments ask for the model {args.model!r}, this wrapper runs {self.engine.name!r}"
            )
        args = call_options(args, options)
        return replace(args, animals=self.animals, paste_unstitched=self.animals and self.engine.name == "compact")

    # The official methods (spec: pipeline, section 20). Each raises an InputError for tensors of another shape. -------

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
        return parse_output(expect(out, "the output", None, 3, None, None))

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


class LivePortraitWrapperAnimal(LivePortraitWrapper):
    """The same for cats and dogs: the official weights of animals, or the compact ones that serve both.

    The official weights copy the driver's motion absolutely (spec: pipeline, section 14), the compact ones add its
    change since the first frame. Nothing is stitched unless a config or argument says so: an `InferenceConfig` or
    `ArgumentConfig` of the caller's own has stitching on by default, as for people.
    """

    animals = True
    official_model = "animals"

    @classmethod
    def default_config(cls) -> InferenceConfig:
        """Without stitching: it was learnt from people."""
        return InferenceConfig(flag_stitching=False)


def _weights_folder(given: str | PathLike[str], model: str) -> Path:
    """The folder that a caller names; it must be there, unless the official model is to be fetched into it."""
    folder = user_path(given, "weights_dir")
    if model not in ("base", "animals") and not folder.is_dir():
        raise InputError(f"there is no folder '{folder}': name the one with the official weights, or make it")
    return folder


def _keypoints(value: Tensor, name: str) -> Tensor:
    return expect(value, name, None, NUM_KP, 3)
