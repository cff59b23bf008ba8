"""What `batch.py` can be told beside the options of a single run; the docstring under a field is its help text."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal

import tyro

from ..config.options import InputOptions, OutputOptions
from ..errors import InputError

_TABLES = (".jsonl", ".parquet")
_OF_RAY = ("address", "actors", "cpus_per_actor", "gpus_per_actor")


@dataclass
class JobOptions:
    """What is to be done."""

    manifest: Annotated[
        str | None, tyro.conf.arg(aliases=["-m"], metavar="FILE", help_behavior_hint="(or two folders)")
    ] = None
    """CSV, JSONL or Parquet with the columns source, driving, output and any option; paths from its folder."""
    sources: Annotated[str | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(with --drivings)")] = None
    """Folder of portraits: each is driven by each of --drivings."""
    drivings: Annotated[str | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(with --sources)")] = None
    """Folder of driving videos and motion templates."""
    output_dir: Annotated[
        str | None, tyro.conf.arg(aliases=["-o"], metavar="DIR", help_behavior_hint="(default: the manifest's folder)")
    ] = None
    """Folder for results; outputs of a manifest are paths from here."""
    results: Annotated[
        str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(default: results.jsonl in the output folder)")
    ] = None
    """Table of what became of each row, .jsonl or .parquet: a second run does only what is missing or changed."""
    retry_failed: bool = False
    """Also do rows again that failed and did not change."""
    retries: int = 1
    """How often a row is tried again after an error that is not about its inputs."""
    animals: bool = False
    """The portraits are of cats and dogs, as for inference_animals.py."""

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: no work is named, or twice, or an option is out of range.
        """
        for name in ("manifest", "sources", "drivings", "output_dir", "results"):
            if getattr(self, name) == "":  # a shell variable that was not set, say
                raise InputError(f"--{name} is empty: give a path, or leave the option out")
        folders = [self.sources, self.drivings]
        if (self.manifest is not None) == any(folders) or any(folders) != all(folders):
            raise InputError("the work is a --manifest FILE, or --sources DIR with --drivings DIR: give one of the two")
        if self.sources is not None and self.output_dir is None:
            raise InputError("--sources and --drivings need an --output_dir")
        if self.retries < 0:
            raise InputError(f"--retries must be 0 or more, got {self.retries}")
        if self.results is not None and not self.results.lower().endswith(_TABLES):
            raise InputError(f"--results must end in {' or '.join(_TABLES)}, got '{self.results}'")


@dataclass
class RunnerOptions:
    """Who does it."""

    runner: Literal["local", "ray"] = "local"
    """local = this process; ray = actors of a Ray cluster, each with a model of its own."""
    address: Annotated[str | None, tyro.conf.arg(metavar="HOST:PORT", help_behavior_hint="(default: this machine)")] = (
        None
    )
    """Ray: cluster to work in, or auto for the one that this machine belongs to; default: one that is begun here."""
    actors: int = 1
    """Ray: workers."""
    cpus_per_actor: float = 1.0
    """Ray: cores that are set aside for each."""
    gpus_per_actor: float = 0.0
    """Ray: GPUs that are set aside for each; 0.5 = two workers share one."""
    cache_gib: float = 10.0
    """Room that each worker may take for copies of remote inputs (s3://, gs:// ...), in GiB."""

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: an option is out of range.
        """
        others = [name for name in _OF_RAY if getattr(self, name) != getattr(RunnerOptions, name)]
        if self.runner == "local" and others:
            raise InputError(f"--{others[0]} is for --runner ray: the local one is alone")
        if self.actors < 1:
            raise InputError(f"--actors must be 1 or more, got {self.actors}")
        for name, lowest in (("cpus_per_actor", 0.0), ("gpus_per_actor", 0.0), ("cache_gib", 0.0)):
            value = getattr(self, name)
            if not (isfinite(value) and value >= lowest):
                raise InputError(f"--{name} must be {lowest:g} or more, got {value}")


@dataclass
class RowOptions:
    """What a row does whose columns say nothing else."""

    faces: str = InputOptions.faces
    """Faces of the source to animate: largest, all, or numbers from left to right such as 0,2."""
    driving_kind: Literal["auto", "human", "animal"] = InputOptions.driving_kind
    """Animals: whose face the driving video shows; auto looks at its first second."""
    output_size: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: full size)")] = None
    """Longest side of the result in pixels, even, 64 to 4096: smaller saves memory and time."""
    audio: bool = OutputOptions.audio
    """Copy the sound of the driving (or source) video."""
    audio_priority: Literal["source", "driving"] = OutputOptions.audio_priority
    """Whose sound is copied when both have some."""
    concat: bool = False
    """Also write the side-by-side video: driving, source, result."""
    gif: bool = False
    """Animals: also write an animated GIF, 256 pixels wide."""
    crf: int = OutputOptions.crf
    """Quality of the video: 0 (lossless) to 51; smaller is better and larger in bytes."""
