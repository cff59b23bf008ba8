"""`LivePortraitWrapper`: the one object behind the command line, the apps, the service and the Python API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from .config.argument_config import ArgumentConfig
from .config.call_options import call_options, live_options, retargeting_options
from .config.crop_config import CropConfig
from .config.inference_config import InferenceConfig
from .config.split import join_configs, split_arguments
from .engine.check_tensor import expect
from .engine.create import create_engine
from .engine.device import device_of
from .errors import InputError
from .face.create_detector import create_animal_detector, create_detector
from .face.face import FaceDetector, Rgb
from .media.user_path import user_path
from .motion.pose import degrees
from .motion.template_pickle import OFFICIAL_MODEL
from .official_methods import OfficialMethods
from .pipeline.animate import animate
from .pipeline.editor import PortraitEditor, open_editor
from .pipeline.find_faces import FacesFound, find_faces
from .pipeline.finders import Finders
from .pipeline.kept import KeptSources
from .pipeline.live import LiveSession, open_session
from .pipeline.one_picture import motion_of_picture
from .pipeline.plan import check_run
from .pipeline.progress import Progress, silent
from .pipeline.result import AnimationResult
from .pipeline.retarget_video import retarget_video
from .weights.resolve import resolve_model


class LivePortraitWrapper(OfficialMethods):
    """A model that is ready to animate: `execute()` for files, the official methods for tensors.

    Weights are looked up (and fetched, if need be) at construction and read when a network is first used. All methods
    take and return float32 tensors on the wrapper's device unless they say otherwise.

    Args:
        inference_cfg: how motion and frames are treated, and the device; None = the command line's defaults.
        crop_cfg: how faces are found and framed; None = the command line's defaults.
        model: "auto", "base" or "compact" (of `LivePortraitWrapperAnimal`: "animals" in place of "base").
        weights_dir: weights folder: it holds ``liveportrait/`` in the official layout, ``compact/`` or both.
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
        self.check_model(model)
        inference_cfg = inference_cfg or self.default_config()
        self.inference_cfg = inference_cfg if device is None else replace(inference_cfg, device=device)
        self.crop_cfg = crop_cfg or CropConfig()
        self.device = device_of(join_configs(self.inference_cfg, self.crop_cfg))
        folder = None if weights_dir is None else _weights_folder(weights_dir, model)
        self._resolved = resolve_model(model, folder, official=self.official_model)
        self.engine = create_engine(
            self._resolved,
            self.device,
            self.inference_cfg.engine,
            precision=self.inference_cfg.precision,
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
        cls.check_model(args.model)
        check_run(replace(args, animals=cls.animals))
        inference_cfg, crop_cfg = split_arguments(args)
        return cls(inference_cfg, crop_cfg=crop_cfg, model=args.model, weights_dir=args.weights_dir)

    @classmethod
    def default_config(cls) -> InferenceConfig:
        """How motion and frames are treated if nobody says anything."""
        return InferenceConfig()

    @classmethod
    def check_model(cls, model: str) -> None:
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
        self,
        args: ArgumentConfig | None = None,
        *,
        progress: Progress = silent,
        kept: KeptSources | None = None,
        **options: Any,
    ) -> AnimationResult:
        """Animate a portrait with a driver and write the result. May be called from several threads.

        Args:
            args: all options; None = this wrapper's configs and the defaults.
            progress: called as the work goes on.
            kept: portraits of earlier calls, which need not be read again; this call's is added.
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
        return animate(self.engine, self._finders, args, progress, kept)

    def retarget_video(
        self,
        source_video: Any,
        *,
        lip_ratio: float = 0.0,
        silence_lips: bool = False,
        observation_variance: float = 3e-6,
        progress: Progress = silent,
        **options: Any,
    ) -> AnimationResult:
        """Give all frames of a video the same lip opening, or silence its lips. May be called from several threads.

        Args:
            source_video: path, bytes, open file or frames (T, H, W, 3) uint8 RGB.
            lip_ratio: lip opening, 0 (closed) to 0.8.
            silence_lips: a neutral face of which only the eyes move; the lip opening means nothing then.
            observation_variance: how strongly the change of the lips is smoothed over time, > 0; larger = smoother.
            progress: called as the work goes on.
            options: single options, as for `execute`, that hold for this call only; none about drivers.

        Returns:
            Path of the result, ``<name>_retargeting.mp4`` in the output folder unless ``output=`` names another one,
            with ``.concat``, ``.n_frames``, ``.fps`` and ``.report``.

        Raises:
            TypeError: an option that does not exist, or that is fixed when the wrapper is made.
            LivePortraitError: anything about the inputs that the caller can mend.
        """
        args = retargeting_options(self._arguments(None, {}), source_video, options)
        return retarget_video(
            self.engine,
            self._finders,
            args,
            progress,
            lip_ratio=lip_ratio,
            silent=silence_lips,
            observation_variance=observation_variance,
        )

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

    def find_faces(self, source_image: Any, **options: Any) -> FacesFound:
        """The faces of a picture from left to right, as the option ``faces`` counts them.

        Args:
            source_image: a picture: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB.
            options: single options, as for `set_source`.

        Raises:
            NoFaceError: the picture shows no face.
            LivePortraitError: anything else about the picture that the caller can mend.
        """
        args = live_options(self._arguments(None, {}), source_image, options)
        return find_faces(source_image, self.engine, self._finders, args)

    def open_editor(self, source_image: Any, **options: Any) -> PortraitEditor:
        """A portrait to be edited by sliders: what is expensive about it is computed here, once.

        Args:
            source_image: a picture: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB.
            options: single options, as for `set_source`; ``faces="1"`` edits that face instead of the largest.

        Raises:
            NoFaceError: the picture shows no face.
            LivePortraitError: anything else about the picture that the caller can mend.
        """
        args = live_options(self._arguments(None, {}), source_image, options)
        return open_editor(self.engine, self._finders, args)

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
        return replace(args, animals=self.animals, paste_unstitched=self.animals and not self.engine.moves_absolutely)


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
        what = "compact/" if model == "compact" else "the official weights in liveportrait/, or make it"
        raise InputError(f"there is no folder '{folder}': name the one that holds {what}")
    return folder
