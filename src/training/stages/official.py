"""Stage 1 of the official architecture: F, M, W and G together, from scratch.

Source: LivePortrait (arXiv 2407.03168), section 3.2, on face vid2vid (arXiv 2011.15126), appendix.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.motion_extractor import MotionExtractor
from ...modules.spade_generator import SPADEDecoder
from ...modules.warping_network import WarpingNetwork
from ...weights.catalogue import MODELS
from ..critics.adversarial import adversarial_terms
from ..critics.region_critics import RegionCritics
from ..data.batches import Batch
from ..export import export_network
from ..losses.cascade import cascade
from ..losses.perceptual import PerceptualLoss
from ..losses.pixels import weighted_l1
from ..losses.regions import WHOLE
from ..losses.transform import random_transform
from ..precision import Float32Conv2d
from ..recipe import Recipe
from ..sheet import sheet
from .helper import Helper
from .official_initial import initialise_official
from .official_keypoints import keypoint_terms, see
from .official_memory import saving_memory
from .official_pictures import PARTS, face_identity, part_boxes, part_sizes, region_critics
from .stage import Losses
from .terms import ADVERSARIAL, Terms, check_size

NETWORKS = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingNetwork,
    "spade_generator": SPADEDecoder,
}
_REGIONS = (WHOLE, *PARTS)
TERMS = (
    *("equivariance", "prior", "head_pose", "deformation", "landmarks", "l1", "identity"),
    *(f"{kind}_{region}" for kind in ("perceptual", *ADVERSARIAL) for region in _REGIONS),
)


class OfficialStage:
    """F, M, W and G of the official architecture under training.

    F and M see pictures of `size`. What G draws, twice as large, is compared with the driving pictures at the smaller
    of their sides: at 512 with batches of 512, as in the paper; with smaller ones at theirs, the result reduced.

    Under autocast M, keypoints, the occlusion map of W and losses are of float32; the rest of F, W and G is not, nor is
    the spectral norm of G.

    Args:
        params: the model definition.
        recipe: weights of the terms, critics, size of the batches.
        perceptual: the perceptual distance, or None to do without; see `backbone`.
        identity: a network of face descriptors such as `IResNet50`, or None to do without.
        size: side of the pictures that F and M see.
        save_memory: compute heavy blocks twice instead of keeping what is inside of them; see `official_memory`.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`; its batches are smaller than `size`, or too small for
            the critics; or critics, the perceptual distance or the identity network would have no effect.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        recipe: Recipe,
        perceptual: PerceptualLoss | None = None,
        identity: nn.Module | None = None,
        size: int = 256,
        save_memory: bool = False,
    ) -> None:
        check_size(recipe, size)
        self._size, self._save_memory, self._begin = size, save_memory, recipe.critics.begin
        self._terms = Terms(recipe, TERMS)
        self._terms.check_help("backbone", perceptual is not None, "perceptual")
        self._terms.check_help("identity network", identity is not None, "identity")
        self._terms.check_help("critics", self._begin > 0, *ADVERSARIAL)
        self._perceptual = None if perceptual is None else Helper(perceptual)
        self._identity = None if identity is None else Helper(identity)
        self.networks = nn.ModuleDict({name: kind(**params[f"{name}_params"]) for name, kind in NETWORKS.items()})
        initialise_official(self.networks)
        _raise_occlusion(self.networks)
        self.critics = nn.ModuleDict()
        if self._begin:
            side = min(recipe.data.size, _drawn_side(self.networks, size))
            regions = self._terms.regions(_REGIONS, *ADVERSARIAL)
            self.critics["regions"] = region_critics(regions, recipe.critics.channels, side)

    def losses(self, batch: Batch, step: int) -> Losses:
        """Terms of a batch: see the recipe for what each is for."""
        networks, drivers = self.networks, batch["kp_driving"].shape[1]
        source, driving = self._seen(batch["source"]), self._seen(batch["driving"].flatten(0, 1))
        transform = random_transform(len(driving), torch.default_generator, device=driving.device)
        seen, driven, moved = see(networks["motion_extractor"], source, driving, transform.pictures(driving))
        terms = keypoint_terms(seen, driven, moved, transform, batch)
        picture = self._draw(networks, source, seen.x.repeat_interleave(drivers, 0), driven.x)
        added, critics = self._picture_terms(picture, batch, step)
        return Losses(self._terms.weighted(terms | added), critics)

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, result."""
        drivers = batch["kp_driving"].shape[1]
        source, driving = self._seen(batch["source"]), self._seen(batch["driving"].flatten(0, 1))
        with torch.no_grad():
            seen, driven = see(networks["motion_extractor"], source, driving)
            picture = self._draw(networks, source, seen.x.repeat_interleave(drivers, 0), driven.x)
        return sheet([source.repeat_interleave(drivers, 0), driving, self._seen(picture)])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, M, W and G in the official layout: `folder` is then a weights folder, but for stage 2's file."""
        files = MODELS["base"].files
        return [
            export_network(network, (folder / files[name].path).with_suffix(".safetensors"))
            for name, network in networks.items()
        ]

    def _draw(self, networks: nn.ModuleDict, source: Tensor, x_s: Tensor, x_d: Tensor) -> Tensor:
        """B driving pictures of S sources: (S, 3, N, N) and keypoints (B, 21, 3) to (B, 3, M, M) in float32."""
        saving = self._save_memory and torch.is_grad_enabled()
        with saving_memory(networks) if saving else nullcontext():
            volume = networks["appearance_feature_extractor"](source).float()
            volume = volume.repeat_interleave(len(x_d) // len(source), 0)
            warped = networks["warping_module"](volume, kp_driving=x_d, kp_source=x_s)
            picture: Tensor = networks["spade_generator"](warped["out"])
        return picture.float()

    def _picture_terms(self, picture: Tensor, batch: Batch, step: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Terms of what was drawn, and those of the critics."""
        target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
        side = min(picture.shape[-1], target.shape[-1])
        picture, target = resized(picture, side), resized(target, side)
        boxes = part_boxes(kp)
        terms = {"l1": weighted_l1(picture, target)}
        if self._perceptual is not None:
            wanted = self._terms.regions(_REGIONS, "perceptual")
            sizes = {name: size for name, size in part_sizes(side).items() if name in wanted}
            loss = self._perceptual.on(picture.device)
            found = cascade(loss, picture, target, boxes, sizes, whole=WHOLE in wanted)
            terms |= {f"perceptual_{name}": term for name, term in found.items()}
        if self._identity is not None:
            drivers = batch["kp_driving"].shape[1]
            source, kp_source = (batch[name].repeat_interleave(drivers, 0) for name in ("source", "kp_source"))
            terms["identity"] = face_identity(self._identity.on(picture.device), picture, kp, source, kp_source)
        if not self.critics or step < self._begin:
            return terms, {}
        added, critics = adversarial_terms(cast(RegionCritics, self.critics["regions"]), picture, target, boxes)
        return terms | added, critics

    def _seen(self, pictures: Tensor) -> Tensor:
        return resized(pictures, self._size)


def resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures reduced to a side by the means of the areas that pixels cover."""
    return pictures if pictures.shape[-1] == side else F.adaptive_avg_pool2d(pictures, side)


def _raise_occlusion(networks: nn.ModuleDict) -> None:
    """Keep the map's convolution out of autocast.

    On processors with AMX oneDNN's gradient of its weight, of one channel in bfloat16, writes beyond its memory (torch
    2.13): the process aborts, at once or some steps later.
    """
    motion = cast(WarpingNetwork, networks["warping_module"]).dense_motion_network
    if motion.occlusion is not None:
        motion.occlusion = Float32Conv2d.like(motion.occlusion)


def _drawn_side(networks: nn.ModuleDict, size: int) -> int:
    """Side of what G draws where F sees pictures of a size."""
    extractor, decoder = networks["appearance_feature_extractor"], networks["spade_generator"]
    assert isinstance(extractor, AppearanceFeatureExtractor) and isinstance(decoder, SPADEDecoder)
    shuffled = isinstance(decoder.conv_img, nn.Sequential)
    return int(size * 2.0 ** (decoder.num_up + shuffled - len(extractor.down_blocks)))
