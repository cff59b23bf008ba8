"""`PrepareOptions`: what `prepare_data.py` can be told; the docstring under a field is its help text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import tyro

from ...errors import InputError

IdentityFrom = Literal["file", "folder"]
_SIZES = (64, 1024)
_CHOICE = "(default: as before, else file; to be chosen for --held_out_share)"
_AS_BEFORE = "(default: as before, else {})"
WHO = (
    "a person must not be on both sides of --held_out_share: say who is who by --identity_from folder (the files of a "
    "folder show one person), --identity_from file (each file shows somebody else) or --labels"
)


@dataclass(frozen=True)
class ShotOptions:
    """What decides about the shots: another choice needs another folder."""

    cropped: bool = False
    """Pictures and videos are cropped to their face already, as 288 pixels whose middle 256 are the nominal crop."""
    size: int = 288
    """Side of the stored pictures, 64 to 1024 pixels; their middle 8/9 are the nominal crop, the rest is for jitter."""
    upright: bool = True
    """Turn each crop by the median roll of its shot, so that faces stand upright (not with --cropped)."""
    faces: int = 1
    """Faces of a shot that are taken, the largest ones (with --cropped one); several people of a file are numbered."""
    max_frames: int = 0
    """Most frames of one video, spread evenly over it; 0 = all."""
    longest: int = 1500
    """Frames after which a shot is cut in two, each with a crop of its own; bounds the memory that is needed."""
    steady: bool = True
    """Take the mean of eight looks at each face as its landmarks, in place of one."""
    least_frames: int = 8
    """Shots with fewer usable frames are dropped, before --max_frames thins them out."""
    least_face: float = 80.0
    """Least size of a face in pixels of the original, brow to chin or across; a nominal crop is 2.3 times as large."""
    least_flag: float = 0.8
    """Least probability of a face that the mesh network must give, 0.5 to 1."""
    least_sharpness: float = 20.0
    """Least variance of the Laplacian of the face, shrunk to 96 pixels; 0 = take blurred frames, too."""


@dataclass(frozen=True)
class LabelOptions:
    """What is said about files: may change from run to run, since only the index depends on it.

    The training folder remembers those that decide who is held out: each one that is not given is as it was before.
    """

    labels: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint=_AS_BEFORE.format("none"))] = None
    """JSON list or CSV with the column file (relative to --input) and any of identity, licence, origin, face_px;
    '' = none."""
    licence: str = "unknown"
    """Licence of files without a label."""
    identity_from: Annotated[
        IdentityFrom | None, tyro.conf.arg(metavar="{file,folder}", help_behavior_hint=_CHOICE)
    ] = None
    """Whom files without a label show: each file somebody else, or each folder one person."""
    held_out: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar="ID ...", help_behavior_hint=_AS_BEFORE.format("none"))
    ] = None
    """Identities that are not trained on; --held_out alone names nobody."""
    held_out_share: Annotated[
        float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint=_AS_BEFORE.format("0"))
    ] = None
    """Share of the other identities that are not trained on, 0 to 1; new files never move an identity."""
    seed: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint=_AS_BEFORE.format("0"))] = None
    """Another seed holds others out."""


@dataclass(frozen=True)
class PrepareOptions:
    """All that the command line says."""

    input: Annotated[str, tyro.conf.arg(aliases=["-i"], metavar="DIR")]
    """Folder of videos and pictures, searched with all folders in it; or one file."""
    output: Annotated[str, tyro.conf.arg(aliases=["-o"], metavar="DIR")]
    """Folder for the result. If it holds an earlier one, only what is missing is done."""
    workers: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: one a core)")] = None
    """Processes that work side by side."""
    overwrite: bool = False
    """Begin anew: remove what an earlier run left in --output."""
    retry: bool = False
    """Try files again that an earlier run could not read."""
    shots: ShotOptions = field(default_factory=ShotOptions)
    about: LabelOptions = field(default_factory=LabelOptions)

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: an option is out of range, or two contradict one another.
        """
        shots, least, most = self.shots, *_SIZES
        if not least <= shots.size <= most:
            raise InputError(f"--size must be {least} to {most}, got {shots.size}")
        for name, lowest in {"faces": 1, "max_frames": 0, "longest": 2, "least_frames": 1}.items():
            if getattr(shots, name) < lowest:
                raise InputError(f"--{name} must be {lowest} or more, got {getattr(shots, name)}")
        for name in ("least_face", "least_sharpness"):
            if not getattr(shots, name) >= 0:
                raise InputError(f"--{name} must be 0 or more, got {getattr(shots, name)}")
        if shots.longest < shots.least_frames:
            raise InputError(f"--longest {shots.longest} is less than --least_frames {shots.least_frames}")
        if not 0.5 <= shots.least_flag <= 1:
            raise InputError(f"--least_flag must be 0.5 to 1, got {shots.least_flag}")
        if self.about.held_out_share is not None and not 0 <= self.about.held_out_share <= 1:
            raise InputError(f"--held_out_share must be 0 to 1, got {self.about.held_out_share}")
        if shots.cropped and shots.faces > 1:
            raise InputError(f"--faces {shots.faces} needs full frames: with --cropped there is one face a picture")
        if self.workers is not None and self.workers < 1:
            raise InputError(f"--workers must be 1 or more, got {self.workers}")
