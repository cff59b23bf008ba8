"""The OpenAPI document as one HTML page, without scripts and without anything from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from .docs_style import STYLE

_METHODS = ("get", "post", "delete")
Json = Mapping[str, Any]


def docs_page(document: Json) -> str:
    """Describe a service for people.

    Args:
        document: of OpenAPI 3.1.
    """
    info = document["info"]
    operations = [
        _operation(path, method, entry[method], document)
        for path, entry in document["paths"].items()
        for method in _METHODS
        if method in entry
    ]
    links = "".join(
        f'<a href="#{_anchor(path, method)}"><b class="{method}">{method.upper()}</b> {escape(path)}</a>'
        for path, entry in document["paths"].items()
        for method in _METHODS
        if method in entry
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(info["title"])}</title><style>{STYLE}</style></head><body>'
        f"<header><h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
        f"<p class=lead>{escape(info.get('summary', ''))}</p>{_prose(info['description'])}"
        f'<nav>{links}<a href="/openapi.json">openapi.json</a></nav></header>'
        f"<main>{''.join(operations)}</main></body></html>"
    )


def _operation(path: str, method: str, operation: Json, document: Json) -> str:
    name = f'<b class="{method}">{method.upper()}</b> <code>{escape(path)}</code>'
    return (
        f'<section id="{_anchor(path, method)}"><h2>{name}<span>{escape(operation["summary"])}</span></h2>'
        f"{_prose(operation.get('description', ''))}{_parameters(operation.get('parameters', ()))}"
        f"{_body(operation, path)}{_answers(operation, document)}</section>"
    )


def _parameters(parameters: Iterable[Json]) -> str:
    rows = [
        _row(one["name"], f"in the {one['in']}", one["schema"], one.get("description", ""), one.get("required", False))
        for one in parameters
    ]
    return _table("Parameters", rows)


def _body(operation: Json, path: str) -> str:
    """The fields of a form; those that nobody must give are folded away."""
    if "requestBody" not in operation:
        return ""
    ((_, content),) = operation["requestBody"]["content"].items()
    schema = content["schema"]
    rows: dict[bool, list[str]] = {True: [], False: []}
    for name, field in schema["properties"].items():
        is_needed = name in schema["required"]
        rows[is_needed].append(_row(name, "", field, field.get("description", ""), is_needed))
    folded = _table("", rows[False])
    return (
        _table("Form", rows[True])
        + f"<details><summary>{len(rows[False])} optional fields</summary>{folded}</details>"
        + f"<h3>Example</h3><pre>{escape(_command(path, schema['required'], content['example']))}</pre>"
    )


def _command(path: str, files: Iterable[str], example: Json) -> str:
    """The request of an example as a command."""
    names = {"source": "portrait.jpg", "driving": "video.mp4"}
    given = [f"-F {name}=@{names[name]}" for name in files]
    given += [f"-F {name}={json.dumps(value)}" for name, value in example.items() if name not in names]
    return f"curl {' '.join(given)} http://127.0.0.1:7862{path}"


def _answers(operation: Json, document: Json) -> str:
    rows, shown = [], ""
    for status, answer in operation["responses"].items():
        kind = "good" if status.startswith("2") else "bad"
        rows.append(f'<tr><td><b class="{kind}">{status}</b></td><td>{_inline(answer["description"])}</td></tr>')
        if status.startswith("2") and not shown:
            shown = _shown(answer, document)
    return _table("Answers", rows) + shown


def _shown(answer: Json, document: Json) -> str:
    """The example of an answer in JSON, where it has one."""
    reference = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    example = schema.get("example")
    return "" if example is None else f"<pre>{escape(json.dumps(example, indent=2))}</pre>"


def _row(name: str, where: str, schema: Json, text: str, is_needed: bool) -> str:
    facts = [where, _type(schema), "needed" if is_needed else ""]
    if "default" in schema:
        facts.append(f"default {json.dumps(schema['default'])}".replace('"', ""))
    told = ", ".join(fact for fact in facts if fact)
    return f"<tr><td><code>{escape(name)}</code><small>{escape(told)}</small></td><td>{_inline(text)}</td></tr>"


def _type(schema: Json) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    name = "file" if schema.get("format") == "binary" else str(schema.get("type", "value"))
    return f"{name} {schema['minimum']:g} to {schema['maximum']:g}" if "minimum" in schema else name


def _table(title: str, rows: list[str]) -> str:
    if not rows:
        return ""
    return f"{f'<h3>{title}</h3>' if title else ''}<table>{''.join(rows)}</table>"


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip())


def _inline(text: str) -> str:
    """Words with `code` in them."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(path: str, method: str) -> str:
    return re.sub(r"\W+", "-", f"{method}{path}").strip("-")
