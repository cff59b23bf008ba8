"""`serve.py` from the outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import httpx
import pytest

from src.cli import serve
from src.config.service_options import ServiceOptions
from src.errors import InputError

ROOT = Path(__file__).parents[2]


def test_nothing_given():
    assert serve.parse([]) == ServiceOptions()
    assert (ServiceOptions().server_name, ServiceOptions().server_port) == ("127.0.0.1", 7862)
    assert (ServiceOptions().max_bytes, ServiceOptions().max_frames) == (200 << 20, 7200)


def test_every_option_arrives():
    words = {
        "server_name": "0.0.0.0",
        "server_port": 80,
        "allowed_hosts": ("one.example", "two.example"),
        "model": "compact",
        "weights_dir": Path("weights"),
        "device": "cpu",
        "engine": "eager",
        "precision": "float32",
        "folder": Path("work"),
        "shared_folder": "s3://bucket/shared",
        "max_upload_mib": 5,
        "max_pixels": 1000,
        "max_seconds": 1.5,
        "max_queue": 3,
        "max_job_minutes": 2.5,
        "min_free_gib": 0.25,
        "keep_minutes": 0.5,
    }
    assert set(words) == {field.name for field in fields(ServiceOptions)}
    given = []
    for name, value in words.items():
        given += [f"--{name}", *(value if isinstance(value, tuple) else [str(value)])]
    assert serve.parse(given) == ServiceOptions(**words)
    assert serve.parse([word.replace("_", "-") if word.startswith("--") else word for word in given]) == ServiceOptions(
        **words
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_port", -1),
        ("server_port", 65536),
        ("max_upload_mib", 0),
        ("max_pixels", 0),
        ("max_queue", 0),
        ("max_seconds", 0.0),
        ("max_seconds", float("nan")),
        ("keep_minutes", float("inf")),
        ("max_job_minutes", 0.0),
        ("min_free_gib", -1.0),
        ("min_free_gib", float("nan")),
    ],
)
def test_numbers_that_make_no_sense(name, value, capsys):
    with pytest.raises(InputError, match=name):
        replace(ServiceOptions(), **{name: value}).check()
    assert serve.main([f"--{name}={value}"]) == 1
    assert capsys.readouterr().err.startswith(f"error: --{name} must")


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_help_needs_neither_torch_nor_fastapi():
    code = """
import sys
from src.cli.serve import main
try:
    main(["--help"])
finally:
    heavy = {"torch", "fastapi", "uvicorn", "pydantic", "starlette", "av", "cv2"} & set(sys.modules)
    sys.stderr.write(f"heavy: {heavy}")
"""
    done = run(code)
    assert done.returncode == 0 and done.stderr == "heavy: set()"
    for word in ("--max_queue", "--server_port", "(default: 7862)", "curl -F source=@portrait.jpg"):
        assert word in done.stdout


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "python_multipart"])
def test_missing_packages_are_one_clear_line(missing):
    code = f"""
import sys
sys.modules[{missing!r}] = None
from src.cli.serve import main
sys.exit(main(["--model", "compact"]))
"""
    done = run(code)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert line.startswith("error: the service needs packages") and line.endswith('pip install ".[serve]"')


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve.main(["--model", "compact", "--server_port", str(port)]) == 1
    assert f"cannot listen at 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_folder_that_is_a_file(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    words = ["--model", "compact", "--server_port", "0", "--folder", str(tmp_path / "file")]
    assert serve.main(words) == 1
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_from_start_to_stop(tmp_path, how):
    """The real command, on a free port; a signal cancels what runs, and nothing stays behind."""
    temp, cwd = tmp_path / "temp", tmp_path / "cwd"
    temp.mkdir()
    cwd.mkdir()
    command = [sys.executable, str(ROOT / "serve.py"), "--model", "compact", "--server_port", "0"]
    environment = {**os.environ, "TMPDIR": str(temp), "HF_HUB_OFFLINE": "1"}
    log = tmp_path / "log"
    with log.open("w") as target:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=target, stderr=target)
    try:
        url = _url(log)
        assets = ROOT / "assets/examples"
        files = {
            "source": (assets / "source/s9.jpg").read_bytes(),
            "driving": (assets / "driving/look_around.safetensors").read_bytes(),
        }
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            number = client.post("/animate?wait=false", files=files).json()["id"]
            while not client.get(f"/jobs/{number}").json()["frames_done"]:
                time.sleep(0.02)
            folder, lock = sorted(path.name for path in temp.iterdir())
            assert folder.startswith("liveportrait-service-") and lock == f"{folder}.lock"
            process.send_signal(how)
        assert process.wait(20) == (130 if how is signal.SIGINT else -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
    assert list(temp.iterdir()) == [] and list(cwd.iterdir()) == []
    text = log.read_text()
    assert "Traceback" not in text and f"job {number}: cancelled" in text


def _url(log: Path) -> str:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for word in log.read_text().split():
            if word.startswith("http://127.0.0.1:"):
                return word.rstrip(",")
        time.sleep(0.05)
    raise AssertionError(f"it never listened: {log.read_text()}")
