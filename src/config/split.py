"""One set of arguments as the two official configs, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..errors import InputError
from .argument_config import ArgumentConfig
from .crop_config import CropConfig
from .inference_config import InferenceConfig


def split_arguments(args: ArgumentConfig) -> tuple[InferenceConfig, CropConfig]:
    """The two configs that hold what the arguments say (spec: pipeline, section 2)."""
    return InferenceConfig(**_part(InferenceConfig, args)), CropConfig(**_part(CropConfig, args))


def join_configs(inference_cfg: InferenceConfig, crop_cfg: CropConfig) -> ArgumentConfig:
    """All arguments, as the two configs say and by default elsewhere.

    An option that both configs hold counts where it is set to something else than its default, so that nobody has to
    set it twice.

    Raises:
        InputError: both configs set such an option, to different values.
    """
    options: dict[str, Any] = vars(inference_cfg) | vars(crop_cfg)
    for name in vars(inference_cfg).keys() & vars(crop_cfg).keys():
        default = getattr(ArgumentConfig, name)
        given = {getattr(config, name) for config in (inference_cfg, crop_cfg)} - {default}
        if len(given) > 1:
            raise InputError(
                f"{name} is {getattr(inference_cfg, name)!r} in InferenceConfig and {getattr(crop_cfg, name)!r} in "
                "CropConfig: set it in one of the two"
            )
        options[name] = given.pop() if given else default
    return ArgumentConfig(**options)


def _part(config: type[InferenceConfig] | type[CropConfig], args: ArgumentConfig) -> dict[str, Any]:
    return {field.name: getattr(args, field.name) for field in fields(config)}
