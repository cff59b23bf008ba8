import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from src.errors import WeightsError
from src.weights.catalogue import FACE_MODELS, MODELS
from src.weights.fetch import fetch, manual_command
from src.weights.ledger import Ledger
from tests.weights.fake_hub import weight_file

CONTENT = os.urandom(300_000)
PATH = "liveportrait/base_models/net.pth"
FILE = weight_file(PATH, CONTENT)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def test_whole_download(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT, "small.onnx": b"small"})
    fetch([FILE, weight_file("small.onnx", b"small")], tmp_path / "new")
    assert (tmp_path / "new" / PATH).read_bytes() == CONTENT
    assert (tmp_path / "new/small.onnx").read_bytes() == b"small"
    assert hub.downloads() == [(PATH, None), ("small.onnx", None)]
    assert not leftovers(tmp_path)


def test_shows_progress(start_hub, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TQDM_POSITION", "-1")  # the library shows its bar on a terminal only, unless told so
    start_hub({PATH: CONTENT})
    fetch([FILE], tmp_path)
    assert "net.pth: 100%" in capfd.readouterr().err


def test_files_that_are_there_are_left_alone(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT})
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_bytes(b"the user's own")
    fetch([FILE], tmp_path)
    assert (tmp_path / PATH).read_bytes() == b"the user's own"
    assert hub.requests == []


def test_resumes_when_the_connection_is_cut(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT})
    hub.cuts = [100_000]
    fetch([FILE], tmp_path)
    assert (tmp_path / PATH).read_bytes() == CONTENT
    assert hub.downloads() == [(PATH, None), (PATH, "bytes=100000-")]


def test_a_later_run_goes_on_where_a_killed_one_stopped(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT})
    part = tmp_path / (PATH + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:70_000])
    fetch([FILE], tmp_path)
    assert (tmp_path / PATH).read_bytes() == CONTENT
    assert hub.downloads() == [(PATH, "bytes=70000-")]
    assert not leftovers(tmp_path)


def test_a_cut_that_lasts_keeps_the_part_and_not_the_name(start_hub, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda seconds: None))
    hub = start_hub({PATH: CONTENT})
    hub.cuts = [100_000] + [0] * 50
    with pytest.raises(WeightsError, match=r"net\.pth|cannot be used"):
        fetch([FILE], tmp_path)
    assert not (tmp_path / PATH).exists()
    assert (tmp_path / (PATH + ".part")).read_bytes() == CONTENT[:100_000]
    hub.cuts = []
    hub.requests.clear()
    fetch([FILE], tmp_path)
    assert hub.downloads() == [(PATH, "bytes=100000-")]
    assert (tmp_path / PATH).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_started_again(start_hub, tmp_path):
    start_hub({PATH: CONTENT})
    part = tmp_path / (PATH + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT + b"more")
    fetch([FILE], tmp_path)
    assert (tmp_path / PATH).read_bytes() == CONTENT


@pytest.mark.parametrize("served", [CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), CONTENT[:-10]], ids=["hash", "size"])
def test_a_wrong_file_is_refused_and_removed(start_hub, tmp_path, served):
    start_hub({PATH: served})
    with pytest.raises(WeightsError) as caught:
        fetch([FILE], tmp_path)
    message = str(caught.value)
    assert PATH in message and FILE.sha256 in message and hashlib.sha256(served).hexdigest() in message
    assert not (tmp_path / PATH).exists() and not leftovers(tmp_path)


def test_a_file_that_is_not_on_the_hub(start_hub, tmp_path):
    start_hub({})
    started = time.monotonic()
    with pytest.raises(WeightsError, match=r"net\.pth' is not on the hub .*404"):
        fetch([FILE], tmp_path / "new")
    assert time.monotonic() - started < 3
    assert not (tmp_path / "new").exists()


def test_nothing_listening_fails_fast(nobody_there, tmp_path):
    started = time.monotonic()
    with pytest.raises(WeightsError, match=nobody_there):
        fetch([FILE], tmp_path)
    assert time.monotonic() - started < 3


def test_a_hub_that_accepts_and_says_nothing_fails_in_time(tmp_path, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(WeightsError):
            fetch([FILE], tmp_path, timeout=0.5)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_variables_forbid_any_request(start_hub, tmp_path, monkeypatch, variable):
    hub = start_hub({PATH: CONTENT})
    monkeypatch.setenv(variable, "1")
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        fetch([FILE], tmp_path)
    assert hub.requests == []


def test_the_endpoint_variable_is_read_by_a_fresh_process(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT})
    code = (
        "from pathlib import Path; from src.weights.fetch import fetch; from tests.weights.fake_hub import weight_file;"
        f"fetch([weight_file({PATH!r}, Path({str(tmp_path / 'content')!r}).read_bytes())], Path({str(tmp_path)!r}))"
    )
    (tmp_path / "content").write_bytes(CONTENT)
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={**os.environ, "HF_HUB_OFFLINE": "0"})
    assert (tmp_path / PATH).read_bytes() == CONTENT
    assert len(hub.downloads()) == 1


def test_an_unpublished_hash_is_kept_from_the_first_download_on(start_hub, tmp_path):
    hub = start_hub({PATH: CONTENT})
    unknown = weight_file(PATH, CONTENT, known=False)
    fetch([unknown], tmp_path)
    assert Ledger(tmp_path).pinned(PATH) == FILE.sha256
    (tmp_path / PATH).unlink()
    hub.contents[PATH] = b"another file of that name"
    with pytest.raises(WeightsError, match="not the file it should be"):
        fetch([unknown], tmp_path)
    assert not (tmp_path / PATH).exists()


def test_an_unpublished_hash_must_match_what_the_hub_says(start_hub, tmp_path):
    start_hub({PATH: CONTENT}).etags[PATH] = "0" * 64
    with pytest.raises(WeightsError, match="0" * 64):
        fetch([weight_file(PATH, CONTENT, known=False)], tmp_path)


def test_a_full_disk_is_said_before_the_download(start_hub, tmp_path, monkeypatch):
    hub = start_hub({PATH: CONTENT})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(WeightsError, match="free"):
        fetch([FILE], tmp_path)
    assert hub.downloads() == []


def test_a_folder_that_cannot_be_made(start_hub, tmp_path):
    start_hub({PATH: CONTENT})
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="cannot write"):
        fetch([FILE], tmp_path / "file")


def test_the_manual_command_quotes_spaces():
    folders = '--include "liveportrait/base_models/*" --include "liveportrait/retargeting_models/*"'
    command = f"hf download KwaiVGI/LivePortrait {folders} --local-dir 'a b'"
    assert manual_command(MODELS["base"].files.values(), Path("a b")) == command


def test_the_manual_command_names_the_folders_of_its_files_only():
    animals = manual_command(MODELS["animals"].files.values(), Path("a"))
    assert animals.count("--include") == 2 and '"liveportrait_animals/base_models_v1.1/*"' in animals
    assert '--include "liveportrait_animals/xpose.pth" --local' in manual_command(
        [FACE_MODELS["xpose"].files["network"]], Path("a")
    )
    assert '"insightface/models/buffalo_l/*"' in manual_command(FACE_MODELS["insightface"].files.values(), Path("a"))
