"""Read the definition of a model: the constructor arguments of its networks."""

from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError

MODELS_DIR = Path(__file__).parent / "models"


def load_model_config(name: str, folder: Path = MODELS_DIR) -> dict[str, Any]:
    """Return the ``model_params`` of a model definition.

    Args:
        name: Name of the definition, without ``.yaml``: "base" or "compact".
        folder: Where the definitions lie.

    Returns:
        Name of the parameter group (``warping_module_params``, ...) -> constructor arguments.

    Raises:
        InputError: No such definition, or it holds no ``model_params``.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise InputError(f"there is no model definition {name!r}; known: {known or 'none'}")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    params = content.get("model_params") if isinstance(content, dict) else None
    if not isinstance(params, dict):
        raise InputError(f"{path}: the top key model_params is missing")
    return params
