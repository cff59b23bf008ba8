"""pyproject.toml and the requirements say what is really there."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
MODULE_OF = {
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "imageio-ffmpeg": "imageio_ffmpeg",
    "python-multipart": "python_multipart",
}


def sources() -> list[Path]:
    return sorted((ROOT / "src").rglob("*.py"))


def name_of(requirement: str) -> str:
    """Bare name of a requirement, in lower case."""
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found
    return found[0].lower()


def requirements(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {name_of(line): line for line in lines if line and not line.startswith("#")}


def folder_of(package: str) -> Path:
    """Folder that a package is made from, by the package-dir mapping."""
    mapping = SETUPTOOLS["package-dir"]
    if package in mapping:
        return ROOT / mapping[package]
    parent, _, name = package.rpartition(".")
    return folder_of(parent) / name


def test_every_folder_with_code_is_a_package():
    expected = {"liveportrait", "liveportrait.assets", "liveportrait.pretrained_weights"}
    for folder in {path.parent for path in sources()}:
        expected.add(".".join(["liveportrait", *folder.relative_to(ROOT / "src").parts]))
    assert set(SETUPTOOLS["packages"]) == expected
    assert len(SETUPTOOLS["packages"]) == len(expected)


def test_packages_come_from_folders_that_exist():
    for package in SETUPTOOLS["packages"]:
        assert folder_of(package).is_dir(), package
    for package in SETUPTOOLS["packages"]:
        if folder_of(package).is_relative_to(ROOT / "src"):
            assert (folder_of(package) / "__init__.py").is_file(), package


def packaged_data() -> set[Path]:
    found: set[Path] = set()
    for package, patterns in SETUPTOOLS["package-data"].items():
        for pattern in patterns:
            files = {path for path in folder_of(package).glob(pattern) if path.is_file()}
            assert files, f"{package}: nothing matches {pattern}"
            found |= files
    return found


def test_every_data_file_is_packaged():
    code_folders = [ROOT / "src"]
    expected = {
        path
        for folder in code_folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    shipped = ROOT / "pretrained_weights"
    expected |= {path for room in ("compact", "mediapipe", "xpose", "catface") for path in (shipped / room).iterdir()}
    expected |= {path for path in (ROOT / "assets").rglob("*") if path.is_file()}  # the pages offer all examples
    assert {path.suffix for path in expected} >= {".yaml", ".npy", ".typed", ".safetensors", ".onnx"}
    assert expected <= packaged_data()


def test_weights_keep_their_licences():
    names = {str(path.relative_to(ROOT)) for path in packaged_data()}
    assert {f"pretrained_weights/{room}/LICENSE" for room in ("compact", "mediapipe", "xpose", "catface")} <= names
    assert PROJECT["project"]["license-files"] == ["LICENSE", "NOTICE", "pretrained_weights/*/LICENSE"]
    assert all(list(ROOT.glob(pattern)) for pattern in PROJECT["project"]["license-files"])


def test_the_command_exists():
    for target in PROJECT["project"]["scripts"].values():
        module, function = target.split(":")
        path = folder_of(module.rpartition(".")[0]) / f"{module.rpartition('.')[2]}.py"
        names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert function in names


def test_every_script_has_a_command():
    """What a checkout runs as `python name.py` is a command when installed."""
    commands = set(PROJECT["project"]["scripts"])
    names = {f"liveportrait-{path.stem}".replace("_", "-").replace("-inference", "") for path in ROOT.glob("*.py")}
    assert names == commands


def test_gpu_requirements_differ_in_onnxruntime_alone():
    cpu, gpu = requirements("requirements.txt"), requirements("requirements-gpu.txt")
    assert "onnxruntime" in cpu and "onnxruntime-gpu" in gpu
    del cpu["onnxruntime"], gpu["onnxruntime-gpu"]
    assert cpu == gpu


def test_requirements_are_the_dependencies_pinned():
    pinned = requirements("requirements.txt")
    declared = {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert set(pinned) == declared | {"onnxruntime"}
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pinned.values())


def test_onnxruntime_is_chosen_by_an_extra():
    """Both builds unpack into one folder and break each other."""
    project = PROJECT["project"]
    assert not any("onnxruntime" in requirement for requirement in project["dependencies"])
    extras = project["optional-dependencies"]
    assert [name_of(requirement) for requirement in extras["cpu"]] == ["onnxruntime"]
    assert [name_of(requirement) for requirement in extras["gpu"]] == ["onnxruntime-gpu"]


def third_party(path: Path) -> set[str]:
    """Top names of the packages that a file imports, those inside functions and conditions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names)


def modules_of(requirements: list[str]) -> set[str]:
    """Names under which required packages are imported."""
    return {MODULE_OF.get(name_of(requirement), name_of(requirement)) for requirement in requirements}


def test_every_import_is_declared():
    """Only the rooms of the pages, the service, batches and clusters may use what their extras bring."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    core = modules_of([*project["dependencies"], *extras["cpu"]])
    rooms = {"apps": ["apps"], "service": ["serve"], "batch": ["scale"], "cluster": ["serve", "scale"]}
    undeclared = {}
    for path in sources():
        brought = rooms.get(path.relative_to(ROOT / "src").parts[0], [])
        allowed = core.union(*(modules_of(extras[extra]) for extra in brought))
        undeclared[path.name] = third_party(path) - allowed
    assert not {name: missing for name, missing in undeclared.items() if missing}


def test_dev_brings_what_the_pages_the_service_and_batches_need():
    extras = {
        name: {name_of(requirement) for requirement in requirements}
        for name, requirements in PROJECT["project"]["optional-dependencies"].items()
    }
    assert extras["apps"] | extras["serve"] | extras["scale"] <= extras["dev"]
