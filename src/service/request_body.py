"""The OpenAPI description of a form, which is read by code of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fields import Form


def form_body(form: type[Form], files: Mapping[str, str], example: Mapping[str, Any]) -> dict[str, Any]:
    """What an endpoint takes.

    Args:
        form: the fields beside the files.
        files: name of a file -> what it is.
        example: values of some fields.
    """
    properties: dict[str, Any] = {
        name: {"type": "string", "format": "binary", "description": text} for name, text in files.items()
    }
    for name, schema in form.model_json_schema()["properties"].items():
        rules = {key: value for key, value in schema.items() if key != "title"}
        if rules.get("default", ...) is None:  # left out, that is; a form cannot say null
            del rules["default"]
        properties[name] = rules
    schema = {"type": "object", "required": list(files), "properties": properties, "additionalProperties": False}
    shown = {name: f"(content of the {name})" for name in files} | dict(example)
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "example": shown}}}}
