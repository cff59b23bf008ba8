"""Stage 2 of the official architecture: S, R_eyes and R_lip, judged by what frozen F, M, W and G draw with them.

Source: LivePortrait (arXiv 2407.03168), section 3.3. Where the paper is silent:

* The masks of shoulders, eyes and lips are drawn from keypoints of mesh landmarks (`heads_masks`).
* How far eyes and lips of a drawn picture are open must be known with a gradient. A linear readout of what M sees in it
  says so; it is trained beside the rest, on real frames, whose openness their mesh keypoints tell to within 0.03.
* Half of the targets are a driver's openness, half are drawn evenly, so that wide and closed ones occur.
* Deltas start near zero, so that the first pictures are faces.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.stitching_retargeting_network import StitchingRetargetingNetwork
from ...weights.catalogue import MODELS
from ..beginning import load_from_folder
from ..data.batches import Batch
from ..export import export_network
from ..losses.stage2 import retargeting_terms, stitching_terms
from ..precision import in_float32
from ..recipe import Recipe
from ..sheet import sheet
from .heads_masks import around_eyes, around_lips, shoulders
from .helper import Helper
from .keypoint_opening import openness_of
from .official import NETWORKS, resized
from .official_keypoints import keypoints_of, motion_of
from .stage import Losses
from .terms import Terms, check_size

_HEADS = "stitching_retargeting_module"
_SMALL = 0.1  # factor on the last layers before training
_EXP_GAIN = 30.0  # brings expressions to the size of canonical keypoints
_PARTS = {"eye": (slice(0, 2), 0.6), "lip": (slice(2, 3), 0.8)}  # columns of openness, largest target
_AROUND = {"eye": around_eyes, "lip": around_lips}
TERMS = (
    *("stitching_consistency", "stitching_regularisation", "readout"),
    *(f"{part}_{term}" for part in _PARTS for term in ("consistency", "condition", "regularisation")),
)


class Seen(NamedTuple):
    """What M sees in P pictures: keypoints in the picture (P, K, 3), and its raw numbers by their official names."""

    x: Tensor
    info: dict[str, Tensor]

    @property
    def features(self) -> Tensor:
        """Canonical keypoints and expression, (P, 6K)."""
        return torch.cat([self.info["kp"].flatten(1), _EXP_GAIN * self.info["exp"].flatten(1)], 1)


class _Shown(NamedTuple):
    """S sources: F, M, W and G, what F and M make of them, and what W and G draw of their own keypoints."""

    frozen: nn.ModuleDict
    volume: Tensor
    seen: Seen
    recon: Tensor

    def driven_to(self, x_d: Tensor) -> Tensor:
        """The sources with other keypoints (S, K, 3), (S, 3, M, M) in float32."""
        return _draw(self.frozen, self.volume, self.seen.x, x_d)


class OfficialHeadsStage:
    """S, R_eyes and R_lip of the official architecture under training; batches show pictures.

    Args:
        params: the model definition.
        recipe: weights of the terms; size of the batches.
        frozen: F, M, W and G by the names of their files, trained: see `frozen_networks`. They stay as they are.
        size: side of the pictures that F and M see.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`, or its batches are smaller than `size`.
    """

    def __init__(
        self, params: Mapping[str, Any], recipe: Recipe, frozen: Mapping[str, nn.Module], size: int = 256
    ) -> None:
        check_size(recipe, size)
        self._terms, self._size = Terms(recipe, TERMS), size
        self._frozen = Helper(nn.ModuleDict(dict(frozen)))
        sizes = params[f"{_HEADS}_params"]
        self.networks = nn.ModuleDict({name: _shrunk(StitchingRetargetingNetwork(**sizes[name])) for name in sizes})
        keypoints = sizes["stitching"]["input_size"] // 6
        self.networks["readout"] = nn.Linear(6 * keypoints, 3)
        self.critics = nn.ModuleDict()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Terms of a batch: see the recipe for what each is for.

        Under autocast F, W and G alone are of less than float32: keypoints are too fine for it.
        """
        source, driving = self._seen(batch["source"]), self._seen(batch["driving"][:, 0])
        frozen = self._frozen.on(source.device)
        with torch.no_grad():
            seen, driven = _see(frozen, source), _see(frozen, driving)
            volume = frozen["appearance_feature_extractor"](source).float()
            recon = _draw(frozen, volume, seen.x, seen.x)
        shown = _Shown(frozen, volume, seen, recon)
        real = openness_of(torch.cat([batch["kp_source"], batch["kp_driving"][:, 0]]))  # (2 S, 3)
        read = _linear(torch.cat([seen.features, driven.features]), *self.networks["readout"].parameters())
        terms = {"readout": (read - real).abs().mean()}
        if self._terms.of("stitching"):
            terms |= self._stitching_terms(shown, driven, batch)
        own, other = real.chunk(2)
        for part in _PARTS:
            if not self._terms.of(part):
                continue
            terms |= self._retargeting_terms(part, shown, batch["kp_source"], own, other)
        return Losses(self._terms.weighted(terms))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driver, result without and with stitching, closed eyes, open lips."""
        source, driving = self._seen(batch["source"]), self._seen(batch["driving"][:, 0])
        frozen = self._frozen.on(source.device)
        own = openness_of(batch["kp_source"])
        with torch.no_grad():
            seen, driven = _see(frozen, source), _see(frozen, driving)
            volume = frozen["appearance_feature_extractor"](source).float()
            moved = _driven(seen, driven)
            closed = _retarget(networks["eye"], seen.x, own[:, :2], torch.zeros_like(own[:, :1]))
            open_ = _retarget(networks["lip"], seen.x, own[:, 2:], torch.full_like(own[:, :1], 0.4))
            places = [moved, moved + _stitch(networks["stitching"], seen.x, moved), seen.x + closed, seen.x + open_]
            pictures = [self._seen(_draw(frozen, volume, seen.x, x_d)) for x_d in places]
        return sheet([source, driving, *pictures])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write all three in one file, in its official place."""
        heads = nn.ModuleDict({name: networks[name] for name in ("stitching", *_PARTS)})
        return [export_network(heads, (folder / MODELS["base"].files[_HEADS].path).with_suffix(".safetensors"))]

    def _stitching_terms(self, shown: _Shown, driven: Seen, batch: Batch) -> dict[str, Tensor]:
        """Half of the sources are driven by another person, where the batch has one: the paper's cross-reenactment."""
        seen = shown.seen
        order = torch.arange(len(seen.x), device=seen.x.device)
        others = order.roll(1) if torch.rand(()) < 0.5 else order
        moved = _driven(seen, Seen(driven.x[others], {name: value[others] for name, value in driven.info.items()}))
        delta = _stitch(self.networks["stitching"], seen.x, moved)
        stitched = shown.driven_to(moved + delta)
        mask = shoulders(batch["kp_source"], batch["kp_driving"][others, 0], stitched.shape[-1])
        terms = stitching_terms(stitched, shown.recon, mask, delta)
        return {f"stitching_{name}": term for name, term in terms._asdict().items()}

    def _retargeting_terms(self, part: str, shown: _Shown, kp: Tensor, own: Tensor, other: Tensor) -> dict[str, Tensor]:
        columns, high = _PARTS[part]
        target = other[:, columns].mean(1, keepdim=True)
        target = torch.where(torch.rand_like(target) < 0.5, target, torch.rand_like(target) * high)
        delta = _retarget(self.networks[part], shown.seen.x, own[:, columns], target)
        picture = shown.driven_to(shown.seen.x + delta)
        # The readout must not learn from pictures: it would learn to say what is wanted.
        weight, bias = (value.detach()[columns] for value in self.networks["readout"].parameters())
        reached = _linear(_see(shown.frozen, self._seen(picture)).features, weight, bias)
        mask = _AROUND[part](kp, picture.shape[-1])
        terms = retargeting_terms(picture, shown.recon, mask, reached, target.expand_as(reached), delta)
        return {f"{part}_{name}": term for name, term in terms._asdict().items()}

    def _seen(self, pictures: Tensor) -> Tensor:
        return resized(pictures, self._size)


def frozen_networks(params: Mapping[str, Any], folder: Path) -> dict[str, nn.Module]:
    """F, M, W and G of a weights folder, as stage 1 exports them or as they were published.

    Args:
        params: the model definition.
        folder: in the official layout.

    Raises:
        MissingFileError: files are not there.
        WeightsError: one does not fit.
    """
    networks: dict[str, nn.Module] = {name: kind(**params[f"{name}_params"]) for name, kind in NETWORKS.items()}
    load_from_folder(networks, "base", folder)
    return networks


def _see(frozen: nn.ModuleDict, pictures: Tensor) -> Seen:
    info = motion_of(frozen["motion_extractor"], pictures)
    return Seen(keypoints_of(info), info)


def _draw(frozen: nn.ModuleDict, volume: Tensor, x_s: Tensor, x_d: Tensor) -> Tensor:
    """Pictures in float32, (B, 3, M, M)."""
    warped = frozen["warping_module"](volume, kp_driving=x_d, kp_source=x_s)
    picture: Tensor = frozen["spade_generator"](warped["out"])
    return picture.float()


_linear = in_float32(F.linear)


def _driven(source: Seen, driving: Seen) -> Tensor:
    """The driver's motion on the source's canonical keypoints, (B, K, 3)."""
    return keypoints_of({**driving.info, "kp": source.info["kp"]})


@in_float32
def _stitch(network: nn.Module, x_s: Tensor, x_d: Tensor) -> Tensor:
    """What S adds to driving keypoints, its shift included, (B, K, 3)."""
    out = network(torch.cat([x_s.flatten(1), x_d.flatten(1)], 1))
    return out[:, :-2].view_as(x_d) + F.pad(out[:, None, -2:], (0, 1))


@in_float32
def _retarget(network: nn.Module, x_s: Tensor, own: Tensor, target: Tensor) -> Tensor:
    """What R adds to source keypoints, (B, K, 3)."""
    return network(torch.cat([x_s.flatten(1), own, target], 1)).view_as(x_s)


@torch.no_grad()
def _shrunk(network: StitchingRetargetingNetwork) -> StitchingRetargetingNetwork:
    last = network.mlp[-1]
    assert isinstance(last, nn.Linear), "there is no activation behind it"
    last.weight.mul_(_SMALL)
    last.bias.zero_()
    return network
