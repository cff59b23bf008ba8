"""Every option once, in groups: the command line, the configs and the Python API are all made of these.

Names and defaults are the official ones (spec: pipeline, section 1); options without an official counterpart say so by
having none of its prefixes. The docstring under a field is its help text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

ModelName = Literal["auto", "base", "animals", "compact"]
EngineName = Literal["auto", "eager", "fused", "onnx"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
DetectorName = Literal["auto", "mediapipe", "insightface"]
AnimalDetectorName = Literal["auto", "xpose", "catface"]
Region = Literal["exp", "pose", "lip", "eyes", "all"]
Given = Any
"""A path, or in Python also media in memory; what is possible is checked where it is read."""


@dataclass
class InputOptions:
    """What is animated, and by what."""

    source: Annotated[
        Given,
        tyro.conf.arg(
            constructor=str | None,
            aliases=["-s", "--source_image"],
            metavar="PATH",
            help_behavior_hint="(default: s0.jpg; of animals cat.jpg)",
        ),
    ] = None
    """Portrait to animate: a picture, video or folder of pictures (an animal: a picture)."""
    driving: Annotated[
        Given,
        tyro.conf.arg(
            constructor=list[str],
            aliases=["-d", "--driving_video"],
            metavar="PATH",
            help_behavior_hint="(default: d0.mp4; of animals a template)",
        ),
        tyro.conf.UseAppendAction,
    ] = None
    """Driving video, folder, template or (for people) picture; may be repeated: one for each of the --faces."""
    motion_template: Annotated[
        Given, tyro.conf.arg(constructor=str | None, metavar="FILE", help_behavior_hint="(optional)")
    ] = None
    """Motion template to drive with; a --driving beside it gives only sound and preview."""
    v2v: bool = False
    """Stop unless the source is a video. Without it, a video is recognised as well."""
    faces: str = "largest"
    """Faces of the source to animate: largest, all, or numbers from left to right such as 0,2."""
    source_points: Annotated[
        Given,
        tyro.conf.arg(
            constructor=tuple[str, str, str, str] | None, metavar="X,Y X,Y X,Y X,Y", help_behavior_hint="(optional)"
        ),
    ] = None
    """Animals: left eye, right eye (as seen in the picture), nose and mouth of the source, in its pixels."""
    driving_kind: Literal["auto", "human", "animal"] = "auto"
    """Animals: whose face the driving video shows; auto looks at its first second (live: human)."""
    animals: Annotated[bool, tyro.conf.Fixed, tyro.conf.Suppress] = False
    """Animals are animated, not people: fixed by the script, or by the wrapper's class."""


@dataclass
class OutputOptions:
    """What is written, and where."""

    output: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")] = None
    """Exact path of the result; the side-by-side video goes next to it, as <stem>_concat. Or a folder."""
    output_dir: Annotated[
        str | None, tyro.conf.arg(aliases=["-o"], metavar="DIR", help_behavior_hint="(default: animations/)")
    ] = None
    """Folder for results, named <source>--<driving>."""
    output_size: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: full size)")] = None
    """Longest side of the result in pixels, even, 64 to 4096: smaller saves memory and time."""
    audio: bool = True
    """Copy the sound of the driving (or source) video."""
    audio_priority: Literal["source", "driving"] = "driving"
    """Whose sound is copied when both have some."""
    concat: bool = True
    """Also write the side-by-side video: driving, source, result."""
    gif: bool = True
    """Animals: also write an animated GIF, 256 pixels wide."""
    save_motion_template: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")] = None
    """Keep the driving motion as a template (.safetensors, or official .pkl). Without --source, only that."""
    auto_template: bool = False
    """Also keep the driving motion as a template next to the result."""
    report: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")] = None
    """Write what was done, found and measured to this .json file."""
    crf: int = 18
    """Quality of the video: 0 (lossless) to 51; smaller is better and larger in bytes."""


@dataclass
class MotionOptions:
    """How the driving motion is carried over."""

    flag_relative_motion: Annotated[bool, tyro.conf.arg(aliases=["--flag_relative"])] = True
    """Add the change since the first driving frame; off: copy the driver's pose itself (both should face one way)."""
    flag_stitching: bool = True
    """Keep the shoulders and the border of the crop where they are (needed for pasting back)."""
    animation_region: Region = "all"
    """Part of the motion that is carried over."""
    driving_option: Literal["expression-friendly", "pose-friendly"] = "expression-friendly"
    """expression-friendly scales relative motion as --expression_scale says, pose-friendly does not."""
    expression_scale: Literal["official", "true"] = "official"
    """Scale of expression-friendly: official (always 1 for people), or true (by the sizes of both faces)."""
    driving_multiplier: float = 1.0
    """Strength of the motion, applied last."""
    flag_normalize_lip: Annotated[bool, tyro.conf.arg(aliases=["--flag_lip_zero"])] = False
    """Close the source's lips before animating (relative motion, both retargeting flags off)."""
    flag_eye_retargeting: bool = False
    """Transfer how far the driving eyes are open (see --retargeting_mode)."""
    flag_lip_retargeting: bool = False
    """Transfer how far the driving lips are open (see --retargeting_mode)."""
    retargeting_mode: Literal["official", "additive"] = "official"
    """With relative motion, retargeting replaces the driver's motion (official) or is added to it."""
    driving_eye: Literal["left", "mean"] = "left"
    """Which driving eye the eye retargeting follows: the left one in the picture (official), or both."""
    eyes_retargeting_ratio: float = 1.0
    """Strength of the eyes: 0 = the source's, 1 = the driver's."""
    lip_retargeting_ratio: float = 1.0
    """Strength of the lips: 0 = the source's, 1 = the driver's."""
    flag_source_video_eye_retargeting: bool = False
    """Source video: open the eyes as far as in its first frame before animating (both retargeting flags off)."""
    driving_smooth_observation_variance: float = 3e-7
    """Source video: how strongly the motion is smoothed; larger = smoother."""
    on_missing: Literal["hold", "interpolate", "error"] = "hold"
    """Driving frames without a face: hold the last motion, interpolate, or stop with an error."""
    align: Literal["time", "index"] = "time"
    """Match source video and driver by time, or frame by frame as the official program does."""
    smooth: bool = False
    """Steady a shaky driving motion; for a source video, its crop as well."""
    lip_normalize_threshold: Annotated[float, tyro.conf.Fixed, tyro.conf.Suppress] = 0.03
    """Lips that are less open than this count as closed (from Python only, as officially)."""
    source_video_eye_retargeting_threshold: Annotated[float, tyro.conf.Fixed, tyro.conf.Suppress] = 0.18
    """A first frame whose eyes are less open than this is no measure (from Python only, as officially)."""


@dataclass
class FrameOptions:
    """What happens to whole frames."""

    flag_do_crop: bool = True
    """Crop the source to its face; off: the picture is taken as the crop, whatever its shape."""
    flag_pasteback: Annotated[bool, tyro.conf.arg(aliases=["--paste_back"])] = True
    """Paste the face back into the picture (needs --flag_do_crop and, save compact animals, --flag_stitching)."""
    feather: int = 16
    """Width of the soft edge of what is pasted, 1 to 128 pixels of the 512 crop."""
    paste_unstitched: Annotated[bool, tyro.conf.Fixed, tyro.conf.Suppress] = False
    """Paste back without --flag_stitching, too: what the compact model does with animals."""
    match_color: bool = False
    """Give the animated face the colours that the source has there."""
    flag_crop_driving_video: bool = False
    """Crop the driving video to its face. Always done if it is not square, and with the compact model."""
    source_max_dim: int = 1280
    """Longest side of the source; larger pictures are shrunk; 0 = no limit."""
    source_division: int = 2
    """Height and width of the source are trimmed to multiples of this."""


@dataclass
class CropOptions:
    """How faces are found and framed."""

    flag_do_rot: bool = True
    """Turn the source crop upright."""
    scale: float = 2.3
    """Size of the source crop in face sizes; larger = smaller face."""
    vx_ratio: float = 0.0
    """Shift of the source crop to the right, in crop sizes."""
    vy_ratio: float = -0.125
    """Shift of the source crop downwards; negative = more forehead."""
    scale_crop_driving_video: float = 2.2
    """Size of the driving crop in face sizes."""
    vx_ratio_crop_driving_video: float = 0.0
    """Shift of the driving crop to the right."""
    vy_ratio_crop_driving_video: float = -0.1
    """Shift of the driving crop downwards."""
    detector: DetectorName = "auto"
    """Face detector. insightface's weights are non-commercial: auto takes them only where they lie already."""
    det_thresh: float = 0.15
    """Smallest score of a face for the detectors insightface and xpose."""
    animal_detector: AnimalDetectorName = "auto"
    """Detector of animals. xpose's weights are non-commercial: auto takes them only where they lie already."""
    animal_face_type: Annotated[Literal["animal_face_9", "animal_face_68"], tyro.conf.Fixed, tyro.conf.Suppress] = (
        "animal_face_9"
    )
    """Points that X-Pose looks for (from Python only, as officially)."""


@dataclass
class ModelOptions:
    """Which weights are used."""

    model: ModelName = "auto"
    """base, animals = the official weights; compact = our small ones; auto = official if there or fetched at once."""
    weights_dir: Annotated[
        Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: pretrained_weights/)")
    ] = None
    """Weights folder: holds liveportrait/ in the official layout, or compact/ with weights of your own."""


@dataclass
class RuntimeOptions:
    """On what the networks run."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    device_id: int = 0
    """Number of the GPU where --device names none."""
    flag_force_cpu: bool = False
    """The official spelling of --device cpu."""
    engine: EngineName = "auto"
    """fused = same numbers, less work; eager = the networks as they are; onnx = ONNX Runtime; auto = fused."""
    precision: Precision = "auto"
    """Of the official networks; auto = float16 on CUDA, else float32; bfloat16 is faster where a processor has it."""
    flag_use_half_precision: bool = True
    """Whether auto may choose float16."""
    batch_size: Annotated[
        int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the model's choice)")
    ] = None
    """Frames that go through the networks at once."""
    flag_do_torch_compile: bool = False
    """Compile W and G at the price of a slow start; of no use to the compact model on a processor."""


@dataclass
class AppOptions:
    """For the web pages app.py and app_animals.py."""

    server_port: Annotated[
        int | None,
        tyro.conf.arg(aliases=["-p"], metavar="INT", help_behavior_hint="(default: 7860, animals 7861)"),
    ] = None
    """Port of the web page."""
    server_name: Annotated[str | None, tyro.conf.arg(metavar="HOST")] = "127.0.0.1"
    """Address to listen at; 0.0.0.0 = all addresses of this machine."""
    share: bool = False
    """Ask Gradio for a public link to the page."""
    gradio_temp_dir: Annotated[str | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(optional)")] = None
    """Folder for uploads and results."""
