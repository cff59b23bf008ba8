"""`TrainOptions`: what `train.py` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass
class TrainOptions:
    """A run of training: what, on what, where to, and how."""

    data: Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
    """Folder that prepare_data.py wrote; its shots of the split train are used."""
    steps: int
    """Steps of the whole run, those before a resume included."""
    config: Annotated[str, tyro.conf.arg(metavar="NAME|FILE")] = "compact"
    """Recipe: compact, base, or a YAML file of your own in their form."""
    stage: Literal[1, 2, 3, 4] = 1
    """1 trains F, M, W and G; 2 trains stitching and retargeting (S, R); 3, of compact, the inside of the mouth;
    4, of compact, a G with fewer blocks."""
    output: Annotated[
        Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: runs/<config>_stage<stage>)")
    ] = None
    """Folder for checkpoints, log, samples and weights."""
    export: Annotated[
        Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: weights in the output folder)")
    ] = None
    """Weights folder for what was learnt; stages may share one. Files of an earlier run are replaced."""
    init: Annotated[str | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(optional)")] = None
    """Weights to begin with: a weights folder, or 'shipped' for those of the project. Without it from scratch, which
    stage 2 of base and stages 3 and 4 of compact cannot."""
    resume: bool = False
    """Go on from the last checkpoint of the output folder."""
    seed: int = 0
    """Of all chance; the same command on the same machine gives the same weights."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1."""
    precision: Literal["recipe", "float32", "bfloat16"] = "recipe"
    """Of convolutions and products; weights and losses are float32."""
    sources: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the recipe's)")] = None
    """Sources a batch and process."""
    size: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the recipe's)")] = None
    """Side of the pictures in the losses."""
    accumulate: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="(default: the recipe's)")] = None
    """Batches whose gradients make one step."""
    lr: Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="(default: the recipe's)")] = None
    """Learning rate."""
    cooldown: Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="(default: the recipe's)")] = (
        None
    )
    """Share of the steps, at the end, in which the learning rate falls to zero."""
    backbone: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: the recipe's)")] = None
    """Of the perceptual term: none, efficientnet_lite0 (a Python package), or vgg19:FILE."""
    identity: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")] = None
    """Weights of a face identity network (IResNet-50) for the identity term of base."""
    save_memory: bool = False
    """Compute heavy blocks of base twice instead of keeping what is inside of them."""
    workers: int = 0
    """Processes that prepare batches; 0 for the training process itself."""
    threads: int = 0
    """Threads of the networks on a CPU; 0 for one a core, or one in each of several processes."""
    log_every: int = 50
    """Steps between two lines of the log."""
    sample_every: int = 1000
    """Steps between two sheets of samples; 0 for none."""
    save_every: int = 500
    """Steps between two checkpoints."""
    stop_after: Annotated[float | None, tyro.conf.arg(metavar="MINUTES", help_behavior_hint="(default: never)")] = None
    """Save and leave after so many minutes; --resume goes on."""
