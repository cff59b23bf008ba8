"""The house rules that a machine can check (docs/architecture.md)."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"

# Room -> rooms that it may import, besides itself. Everything may import `errors`.
MAY_IMPORT = {
    "cli": {
        "apps",
        "batch",
        "benchmark",
        "evaluation",
        "service",
        "training",
        "live_portrait_wrapper",
        "pipeline",
        "engine",
        "weights",
        "config",
    },
    "apps": {"live_portrait_wrapper", "pipeline", "face", "motion", "media", "weights", "config"},
    "cluster": {"service", "storage", "config"},
    "service": {"live_portrait_wrapper", "pipeline", "storage", "media", "motion", "weights", "config"},
    "batch": {"live_portrait_wrapper", "pipeline", "storage", "face", "motion", "media", "weights", "config"},
    "benchmark": {
        "live_portrait_wrapper",
        "pipeline",
        "engine",
        "modules",
        "face",
        "motion",
        "media",
        "weights",
        "config",
    },
    "evaluation": {
        "training",
        "benchmark",
        "pipeline",
        "engine",
        "face",
        "motion",
        "media",
        "weights",
        "config",
    },
    "training": {"engine", "modules", "face", "motion", "media", "weights", "config"},
    "live_portrait_wrapper": {"official_methods", "pipeline", "engine", "config", "face", "motion", "media", "weights"},
    "official_methods": {"pipeline", "engine", "config", "face", "motion"},
    "pipeline": {"engine", "face", "motion", "media", "config", "weights"},
    "engine": {"modules", "weights", "face", "motion", "config"},
    "storage": {"media"},
    "face": {"modules", "motion", "weights"},
    "weights": {"config"},
    "modules": set(),
    "motion": set(),
    "media": set(),
    "config": set(),
    "errors": set(),
}


def sources() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SRC).with_suffix("").parts[0]


def imports(path: Path) -> list[tuple[int, str]]:
    """Level and dotted name of every import of a file, those inside functions included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(node.level, name) for name in names]
    return found


def rooms_imported(path: Path) -> set[str]:
    rooms = set()
    parts = path.relative_to(SRC).parts
    for level, name in imports(path):
        if level:
            base = parts[: len(parts) - level]
            rooms.add((*base, *name.split("."))[0])
    return rooms


def test_the_table_knows_every_room():
    rooms = {room_of(path) for path in sources()} - {"__init__"}
    assert rooms == set(MAY_IMPORT)


def test_the_table_points_downwards_only():
    def reach(room: str, seen: tuple[str, ...] = ()) -> None:
        assert room not in seen, f"a circle: {' -> '.join((*seen, room))}"
        for other in MAY_IMPORT[room]:
            reach(other, (*seen, room))

    for room in MAY_IMPORT:
        reach(room)


def test_the_page_on_the_architecture_names_every_room():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page[page.index("| room |") :]
    for room in MAY_IMPORT:
        assert f"`{room}" in table, room


def test_imports_point_downwards():
    wrong = {}
    for path in sources():
        room = room_of(path)
        if room != "__init__":
            wrong[path] = rooms_imported(path) - MAY_IMPORT[room] - {room, "errors"}
    assert not {str(path.relative_to(SRC)): rooms for path, rooms in wrong.items() if rooms}


def test_imports_of_our_own_are_relative():
    """So that the code works in place as `src` and installed as `liveportrait`."""
    absolute = [
        (path.name, name)
        for path in sources()
        for level, name in imports(path)
        if not level and name.partition(".")[0] in ("src", "liveportrait")
    ]
    assert not absolute


def test_networks_need_torch_alone():
    names = {
        name.partition(".")[0] for path in (SRC / "modules").rglob("*.py") for level, name in imports(path) if not level
    }
    assert names - set(sys.stdlib_module_names) == {"torch"}


def test_nothing_is_printed():
    calls = [
        (path.name, node.lineno)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls


def test_every_file_says_what_it_is():
    without = [path.name for path in sources() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not without
