"""`app.py` and `app_animals.py` as they are started."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from src.cli import app
from src.cli.app import main, parse
from tests.apps.conftest import free_port

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", ["app.py", "app_animals.py"])
def test_a_page_is_served_until_it_is_stopped(script, tmp_path):
    port = free_port()
    command = [sys.executable, str(ROOT / script), "--model", "compact", "--server_port", str(port)]
    command += ["--gradio_temp_dir", str(tmp_path / "new" / "uploads")]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        lines = [process.stderr.readline() for _ in range(2)]
        assert lines[0].startswith("model: compact")
        address = re.search(r"the page is at (\S+)", lines[1])
        assert address and address[1] == f"http://127.0.0.1:{port}/"
        with urllib.request.urlopen(address[1], timeout=20) as answer:
            page = answer.read().decode()
        assert answer.status == 200
        assert "LivePortrait" in page
        assert [path.name for path in tmp_path.iterdir()] == ["new"]  # nothing lies elsewhere
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 130
    assert rest == "stopped\n"
    assert not list((tmp_path / "new/uploads").iterdir())


def test_options():
    args = parse(["-p", "8889", "--model", "compact", "--share", "--scale", "2.5"])
    assert (args.server_port, args.model, args.share, args.scale) == (8889, "compact", True, 2.5)
    assert args.flag_stitching
    assert not parse([], animals=True).flag_stitching


def test_a_port_that_is_taken(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--model", "compact", "--server_port", str(port)]) == 1
    assert f"port {port} of 127.0.0.1" in capsys.readouterr().err


def test_without_gradio_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(app, "find_spec", lambda name: None)
    assert main(["--model", "compact"]) == 1
    assert "pip install '.[cpu,apps]'" in capsys.readouterr().err


def test_help_names_the_ports():
    words = [sys.executable, str(ROOT / "app.py"), "--help"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "default: 7860, animals 7861" in text
    assert "python app.py" in text
