"""The commands of `benchmark.py` and their options; the docstring under a field is its help text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..config.options import EngineName, ModelName, Precision

NetworkModel = Literal["base", "animals", "compact"]
Folder = Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: pretrained_weights/)")]
Driving = Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: d0.mp4)")]
JsonFile = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")]
Threads = Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: torch's choice)")]
Engines = Annotated[tuple[EngineName, ...], tyro.conf.arg(metavar="{auto,eager,fused,onnx} ...")]
Precisions = Annotated[tuple[Precision, ...], tyro.conf.arg(metavar="{auto,float32,bfloat16,float16} ...")]


@dataclass
class Memory:
    """Peak memory for driving clips of several lengths: it must not grow with them."""

    driving: Driving = None
    """Clip that is repeated until it is long enough."""
    seconds: tuple[float, ...] = (5.0, 60.0)
    """Lengths of the clips."""
    model: ModelName = "compact"
    """Model to run."""


@dataclass
class Jitter:
    """How much a result trembles, plain and with --smooth, and what that costs the mouth."""

    source: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: s0.jpg)")] = None
    """Portrait."""
    driving: Driving = None
    """Driving clip from a camera that stands still."""
    model: ModelName = "compact"
    """Model to run."""


@dataclass
class _Measured:
    """What all measurements of time have in common."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    threads: Threads = None
    """Threads of torch on the processor."""
    json: JsonFile = None
    """Also write all figures and facts about the machine as JSON."""


@dataclass
class _Networks(_Measured):
    """What all measurements of networks have in common."""

    weights_dir: Folder = None
    """Folder with official weights; where there are none, random ones take their place. Nothing is fetched."""
    engine: Engines = ("auto",)
    """Engines to measure, one or several; eager is measured as well, as what they are compared with. auto = fused."""
    precision: Precisions = ("auto",)
    """Precisions of the official networks, one or several; auto = float16 on CUDA, else float32."""
    compile: bool = False
    """Send the networks of these engines (not of the eager baseline) through torch.compile."""


@dataclass
class Modules(_Networks):
    """Time of the networks F, M, W, G, S+R, and of W+G up to the finished picture."""

    model: NetworkModel = "base"
    """Model to measure."""
    batch_size: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N ...")] = (1,)
    """Pictures a call, one or several."""
    runs: int = 10
    """Runs that count; their median is shown."""
    warmup: int = 2
    """Runs before them."""
    footprint: bool = True
    """Also measure the memory of each engine by itself, weights included."""


@dataclass
class Clip(_Networks):
    """A whole run, from a driving clip to the finished video, with the time of each stage; start-up excluded."""

    model: Literal["base", "compact"] = "compact"
    """Model to run."""
    source: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: s1.jpg)")] = None
    """Portrait."""
    driving: Driving = None
    """Driving clip, repeated or cut to --frames."""
    frames: int = 200
    """Frames of the driving clip."""
    size: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: as it is)")] = None
    """Longest side of the portrait in pixels."""
    driving_size: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: as it is)")] = None
    """Side of the driving clip in pixels, even; it is squeezed to a square."""
    concat: bool = False
    """Also make the side-by-side video."""
    batch_size: Annotated[
        int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: the model's choice)")
    ] = None
    """Frames that go through the networks at once."""
    runs: int = 1
    """Runs of each engine, in turns; the median is shown."""


@dataclass
class Parity(_Measured):
    """Whether the engines make the same pictures, and M the same motion, as eager float32.

    Exit code 1 if an output in float32 is more than 1e-4 from what the plain networks give both in float32 and in
    float64 (a minute a picture for base, where the former is missed), or a finished picture is off by more than one
    level; in lower precisions if the PSNR of the pictures is below 45 dB.
    """

    model: NetworkModel = "base"
    """Model to compare."""
    weights_dir: Folder = None
    """Folder with official weights; where there are none, random ones take their place. Nothing is fetched."""
    engine: Annotated[
        tuple[EngineName, ...] | None,
        tyro.conf.arg(metavar="{auto,eager,fused,onnx} ...", help_behavior_hint="(default: all)"),
    ] = None
    """Engines to compare; of all of them, those that cannot run here are named and left out."""
    precision: Precisions = ("auto",)
    """Precisions of the official networks, one or several; auto = float16 on CUDA, else float32."""
    source: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: s9.jpg)")] = None
    """Portrait, of people's models whose weights are not random."""
    driving: Driving = None
    """Driving clip, likewise."""


@dataclass
class Peak(_Measured):
    """What the machine does at best: products of matrices and a convolution, in GFLOP/s."""

    precision: Annotated[
        tuple[Literal["float32", "bfloat16", "float16"], ...], tyro.conf.arg(metavar="{float32,bfloat16,float16} ...")
    ] = ("float32", "bfloat16")
    """Precisions, one or several."""
    runs: int = 20
    """Runs that count."""


@dataclass
class Rewrites:
    """What each rewrite of the fused official networks saves on the processor, at full size."""

    threads: Threads = None
    """Threads of torch on the processor."""
    json: JsonFile = None
    """Also write all figures and facts about the machine as JSON."""
    runs: int = 5
    """Runs that count; their median is shown."""


@dataclass
class All:
    """Every measurement in one call, as Markdown: what fails is reported, and the rest goes on."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    threads: Threads = None
    """Threads of torch on the processor."""
    json: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("benchmark.json")
    """All figures and facts about the machine as JSON; written anew after every part."""
    model: Annotated[tuple[Literal["base", "compact"], ...], tyro.conf.arg(metavar="{base,compact} ...")] = (
        "base",
        "compact",
    )
    """Models to measure, one or both."""
    weights_dir: Folder = None
    """Folder with official weights; where there are none, random ones take their place. Nothing is fetched."""
    batch_size: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N ...")] = (1, 4, 16)
    """Pictures a call, one or several."""
    runs: int = 30
    """Runs of the single networks."""
    frames: int = 250
    """Frames of the whole runs."""
    compile: bool = True
    """On CUDA also measure what torch.compile makes of the networks, which comes last and takes minutes."""
    source: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: s1.jpg)")] = None
    """Portrait of the whole runs."""
    driving: Driving = None
    """Their driving clip."""
    quick: bool = False
    """A rehearsal, for processors too: one picture a call, one run, one frame."""
