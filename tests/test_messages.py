"""Every message is one clause, since the command line and the log put words before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"
LOG_CALLS = {"debug", "info", "warning", "error"}
ERRORS = {f"{name}Error" for name in ("Input", "MissingFile", "Store", "NoFace", "Template", "Weights", "Ffmpeg")}


def messages(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of what is raised and logged, with {} for what is filled in."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and call.args):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in ERRORS or name in LOG_CALLS:
            parts = call.args[0].values if isinstance(call.args[0], ast.JoinedStr) else [call.args[0]]
            yield call.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)


@pytest.mark.parametrize("file", sorted(SRC.rglob("*.py")), ids=lambda path: path.relative_to(SRC).as_posix())
def test_messages_are_clauses(file):
    for line, text in messages(ast.parse(file.read_text(encoding="utf-8"))):
        assert not text[:1].isupper() and not text.endswith(".") and "\n" not in text, f"{file.name}:{line}: {text}"
