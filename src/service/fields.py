"""The form fields of `POST /animate` and `POST /templates`: the options of the command line, as far as they travel.

Names, defaults, choices and help come from the dataclasses in `config.options`. What names files, devices, detectors or
models stays with whoever starts the service.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field as DataclassField
from dataclasses import fields
from textwrap import dedent
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import tyro
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ..config.options import CropOptions, FrameOptions, InputOptions, MotionOptions, OutputOptions
from .animator import Kind
from .problem import Problem

_GROUPS = (InputOptions, OutputOptions, MotionOptions, FrameOptions, CropOptions)
_STAYS_HERE = {
    *("source", "driving", "motion_template"),  # files: uploads of their own
    *("output", "output_dir", "save_motion_template", "auto_template", "report"),  # paths
    *("detector", "det_thresh", "animal_detector"),
}
_TEXTS = {"faces": 200, "source_points": 200}  # longest
# Option -> smallest and largest number. Narrower than on the command line, where a run harms only its own user.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "output_size": (64, 4096),
    "crf": (10, 51),
    "feather": (1, 128),
    "source_max_dim": (64, 4096),
    "source_division": (1, 64),
    "driving_multiplier": (-10, 10),
    "eyes_retargeting_ratio": (-10, 10),
    "lip_retargeting_ratio": (-10, 10),
    "driving_smooth_observation_variance": (1e-12, 1),
    "scale": (0.5, 10),
    "vx_ratio": (-2, 2),
    "vy_ratio": (-2, 2),
    "scale_crop_driving_video": (0.5, 10),
    "vx_ratio_crop_driving_video": (-2, 2),
    "vy_ratio_crop_driving_video": (-2, 2),
}
_OF_TEMPLATES = {"on_missing", "smooth", *(field.name for field in fields(CropOptions) if "driving" in field.name)} | {
    "flag_crop_driving_video"
}
_EXAMPLES: Mapping[str, Any] = {"faces": "all", "source_points": "90,113 159,115 124,165 124,188", "output_size": 512}


class Form(BaseModel):
    """Fields that both forms have."""

    model_config = ConfigDict(extra="forbid")

    def options(self) -> dict[str, Any]:
        """What the caller set, under the names of `execute`."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"kind"}}
        if "source_points" in given:
            given["source_points"] = tuple(given["source_points"].split())
        return given


def animate_form() -> type[Form]:
    """The fields of `POST /animate` beside its files."""
    kind = Field(default="human", description="Whose portrait the source is; animals: cats and dogs.")
    travelling: dict[str, Any] = {"kind": (Kind, kind), **dict(_travelling())}
    return create_model("AnimateFields", __base__=Form, **travelling)


def template_form() -> type[Form]:
    """The fields of `POST /templates` beside its file."""
    chosen = {name: field for name, field in _travelling() if name in _OF_TEMPLATES}
    return create_model("TemplateFields", __base__=Form, **chosen)


def read_fields(form: type[Form], given: Mapping[str, str]) -> Form:
    """Check the fields of a request.

    Raises:
        Problem: 422, naming the first field that is wrong.
    """
    try:
        return form.model_validate(dict(given))
    except ValidationError as error:
        raise Problem(422, _told(form, error)) from None


def _told(form: type[Form], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])[:80]
    if first["type"] == "extra_forbidden":
        return f"there is no field {name!r}; the fields are the files and: {', '.join(form.model_fields)}"
    return f"{name}: {first['msg']}, got {str(first['input'])[:80]!r}"


def _travelling() -> Iterator[tuple[str, Any]]:
    """Name of every option that a remote caller may set -> its type with bounds, default and help."""
    for group in _GROUPS:
        hints, helps = get_type_hints(group, include_extras=True), _helps(group)
        for field in fields(group):
            if field.name not in _STAYS_HERE and not _is_hidden(hints[field.name]):
                yield field.name, _form_field(field, hints[field.name], helps[field.name])


def _form_field(field: DataclassField[Any], hint: Any, help_text: str) -> Any:
    name = field.name
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    rules: dict[str, Any] = {"description": re.sub(r"--(\w+)", r"`\1`", help_text)}
    if name in BOUNDS:
        rules |= dict(zip(("ge", "le"), BOUNDS[name], strict=True)) | {"allow_inf_nan": False}
    if name == "output_size":
        plain, rules = int, rules | {"multiple_of": 2}
    if name in _TEXTS:
        plain, rules = str, rules | {"max_length": _TEXTS[name]}
    if name in _EXAMPLES:
        rules["examples"] = [_EXAMPLES[name]]
    return Annotated[plain, Field(**rules)], field.default  # None: a form cannot say so, it leaves the field out


def _is_hidden(hint: Any) -> bool:
    """Whether an option is from Python only, as `tyro` is told."""
    return any(note is tyro.conf.Suppress for note in getattr(hint, "__metadata__", ()))


def _helps(group: type) -> dict[str, str]:
    """Field -> the docstring under it: `tyro` reads them likewise, but has no public function for it."""
    (found,) = ast.parse(dedent(inspect.getsource(group))).body
    assert isinstance(found, ast.ClassDef)
    helps: dict[str, str] = {}
    for before, node in zip(found.body, found.body[1:], strict=False):
        match before, node:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                helps[name] = str(text)
    return helps
