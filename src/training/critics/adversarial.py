"""What the networks and the critics of a picture and its parts are asked for."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from .objectives import feature_matching, hinge_critic, hinge_generator
from .region_critics import RegionCritics


def adversarial_terms(
    critics: RegionCritics, picture: Tensor, target: Tensor, boxes: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Terms of the networks and of the critics, without weights.

    Args:
        critics: of some regions.
        picture: drawn, (B, 3, N, N).
        target: same shape.
        boxes: of each part, (B, 4).

    Returns:
        ``adversarial_*`` and ``matching_*`` of each region; ``critic_*`` of each.

    Raises:
        InputError: boxes are missing, or pictures are too small.
    """
    critics.requires_grad_(False)
    drawn = critics(picture, boxes)
    critics.requires_grad_(True)
    real, fake = critics(target, boxes), critics(picture.detach(), boxes)
    terms = {f"adversarial_{name}": hinge_generator(verdicts) for name, verdicts in drawn.items()}
    terms |= {f"matching_{name}": feature_matching(verdicts, real[name]) for name, verdicts in drawn.items()}
    return terms, {f"critic_{name}": hinge_critic(real[name], fake[name]) for name in real}
