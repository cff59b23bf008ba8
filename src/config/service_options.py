"""`ServiceOptions`: what `serve.py` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..errors import InputError
from .options import EngineName, ModelOptions, Precision, RuntimeOptions

FRAMES_A_SECOND = 60  # of the longest video: a clip of a higher rate may last a shorter time
MAX_FRAME_PIXELS = 4096 * 4096  # of a video

_LOWEST = {"max_upload_mib": 1, "max_pixels": 1, "max_queue": 1}


@dataclass
class ServiceOptions:
    """Where the service listens, what it runs, and what it accepts."""

    server_name: str = "127.0.0.1"
    """Address to listen at; 0.0.0.0 = all addresses of this machine."""
    server_port: int = 7862
    """Port to listen at; 0 = any free one, which the log names."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names under which the service may be asked, such as that of a proxy in front of it."""
    model: Literal["auto", "base", "compact"] = "auto"
    """base = the official weights, of people and of animals; compact = our small ones; auto = official if there."""
    weights_dir: Annotated[
        Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: pretrained_weights/)")
    ] = ModelOptions.weights_dir
    """Weights folder: holds liveportrait/ in the official layout, or compact/ with weights of your own."""
    device: str = RuntimeOptions.device
    """auto, cpu, cuda, cuda:1, mps."""
    engine: EngineName = RuntimeOptions.engine
    """fused = same numbers, less work; eager = the networks as they are; onnx = ONNX Runtime; auto = fused."""
    precision: Precision = RuntimeOptions.precision
    """Of the official networks; auto = float16 on CUDA, else float32."""
    folder: Annotated[
        Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: a temporary one, removed at exit)")
    ] = None
    """Folder for uploads and results, of this service alone: what an earlier run left in it is removed at start."""
    shared_folder: Annotated[
        str | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: none: this service alone)")
    ] = None
    """Path or URL (s3:// ...) of a folder for jobs and results that several services share: each answers for all."""
    max_upload_mib: int = 200
    """Largest request, in MiB."""
    max_pixels: int = 50_000_000
    """Largest picture, in pixels."""
    max_seconds: float = 120.0
    """Longest video or template, in seconds; of more than 60 frames a second, fewer seconds."""
    max_queue: int = 8
    """Jobs that may wait while others run, of all services that share a folder; more are told to come back later."""
    max_job_minutes: float = 30.0
    """Longest time that one job may run."""
    min_free_gib: float = 1.0
    """Room that uploads must leave on the disk of the folder, in GiB; with less, nothing is taken."""
    keep_minutes: float = 60.0
    """How long results can be fetched."""

    @property
    def max_bytes(self) -> int:
        """Largest request in bytes."""
        return self.max_upload_mib << 20

    @property
    def reserved_bytes(self) -> int:
        """Room on the disk that uploads must leave, in bytes."""
        return round(self.min_free_gib * (1 << 30))

    @property
    def max_frames(self) -> int:
        """Most frames of a video or template."""
        return max(1, round(self.max_seconds * FRAMES_A_SECOND))

    def check(self) -> None:
        """Make sure that the numbers make sense.

        Raises:
            InputError: naming the option, its value and what is allowed.
        """
        if not 0 <= self.server_port <= 65535:
            raise InputError(f"--server_port must lie between 0 and 65535, got {self.server_port}")
        for name, low in _LOWEST.items():
            if (value := getattr(self, name)) < low:
                raise InputError(f"--{name} must be at least {low}, got {value}")
        for name in ("max_seconds", "max_job_minutes", "keep_minutes"):
            if not (isfinite(value := getattr(self, name)) and value > 0):
                raise InputError(f"--{name} must be a number above 0, got {value}")
        if not 0 <= self.min_free_gib < 1 << 20:
            raise InputError(f"--min_free_gib must be a number from 0 on, got {self.min_free_gib}")
        for name in self.allowed_hosts:
            if not name or not set(":/*, ").isdisjoint(name):
                raise InputError(f"--allowed_hosts must be names without port, got '{name}'")
