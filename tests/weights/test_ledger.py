import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from src.weights import ledger as ledger_module
from src.weights.ledger import Ledger, sha256_of


def test_hash_is_computed_once_per_change(tmp_path, monkeypatch):
    file = tmp_path / "a.pth"
    file.write_bytes(b"one")
    calls = []
    monkeypatch.setattr(ledger_module, "sha256_of", lambda path: calls.append(path) or sha256_of(path))
    assert Ledger(tmp_path).sha256("a.pth") == hashlib.sha256(b"one").hexdigest()
    assert Ledger(tmp_path).sha256("a.pth") == hashlib.sha256(b"one").hexdigest()
    assert len(calls) == 1
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert Ledger(tmp_path).sha256("a.pth") == hashlib.sha256(b"two").hexdigest()


def test_sections_do_not_disturb_each_other(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    ledger = Ledger(tmp_path)
    ledger.pin("x", "1")
    ledger.sha256("a")
    ledger.remember_failure("http://hub")
    assert Ledger(tmp_path).pinned("x") == "1"
    assert Ledger(tmp_path).failed_today("http://hub")


def test_a_failure_counts_for_a_day_and_for_its_address(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)
    assert not ledger.failed_today("http://hub")
    ledger.remember_failure("http://hub")
    assert ledger.failed_today("http://hub") and not ledger.failed_today("http://mirror")
    now = time.time()
    monkeypatch.setattr(ledger_module.time, "time", lambda: now + 23.9 * 3600)
    assert ledger.failed_today("http://hub")
    monkeypatch.setattr(ledger_module.time, "time", lambda: now + 24.1 * 3600)
    assert not ledger.failed_today("http://hub")


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    code = (
        "import sys; from pathlib import Path; from src.weights.ledger import Ledger\n"
        "for i in range(40): Ledger(Path(sys.argv[1])).pin(f'{sys.argv[2]}-{i}', str(i))"
    )
    root = Path(__file__).resolve().parents[2]
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)], cwd=root) for n in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    ledger = Ledger(tmp_path)
    assert [ledger.pinned(f"{n}-{i}") for n in range(2) for i in range(40)] == [str(i) for i in range(40)] * 2
    assert sorted(path.name for path in (tmp_path / ledger_module.STATE_DIR).iterdir() if path.suffix != ".lock") == [
        "ledger.json"
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"failed": 3}', '{"failed": {"http://hub": "soon"}, "seen": {"a": 1}}'])
def test_a_spoilt_ledger_is_an_empty_one(tmp_path, text):
    (tmp_path / "a").write_bytes(b"a")
    state = tmp_path / ledger_module.STATE_DIR
    state.mkdir()
    (state / "ledger.json").write_text(text)
    ledger = Ledger(tmp_path)
    assert not ledger.failed_today("http://hub")
    assert ledger.sha256("a") == sha256_of(tmp_path / "a")
    assert ledger.pinned("a") is None


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("in the way of a folder")
    ledger = Ledger(tmp_path / "file")
    ledger.remember_failure("http://hub")
    assert not ledger.failed_today("http://hub")
