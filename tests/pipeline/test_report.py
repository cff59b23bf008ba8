import json
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from src.errors import InputError
from src.pipeline.report import Report, StageClock, peak_gpu_memory_mib, peak_memory_mib

ROOT = Path(__file__).parents[2]
REPORT = Report(
    model="compact",
    device="cpu",
    n_frames=250,
    fps="30000/1001",
    n_faces=2,
    missed_source=[1, 0],
    missed_driving=[2],
    seconds=12.34,
    stages={"source": 1.0, "networks": 10.5},
    peak_memory_mib=700.25,
    peak_gpu_memory_mib=None,
)


def test_line():
    line = REPORT.line()
    assert line == (
        "250 frames at 29.97 fps, 2 faces, 3 times without a face in 12.3 s on cpu with compact, peak memory 700 MiB"
    )
    one = replace(REPORT, n_frames=1, n_faces=1, fps=None, device="cuda", peak_gpu_memory_mib=99.6).line()
    assert one.startswith("1 frame, 1 face, 3 times without a face in ") and one.endswith("700 MiB, 100 MiB of the GPU")


def test_line_of_a_template():
    line = replace(REPORT, n_faces=0, missed_source=[], missed_driving=[0]).line()
    assert line.startswith("250 frames at 29.97 fps in 12.3 s on cpu")


def test_file(tmp_path):
    path = tmp_path / "new" / "r.json"
    for _ in range(2):  # an earlier one is replaced
        REPORT.write(path)
    assert json.loads(path.read_text(encoding="utf-8")) == asdict(REPORT)
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "r.json").mkdir()
    with pytest.raises(InputError, match=r"r\.json' is a folder"):
        REPORT.write(tmp_path / "r.json")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_clock():
    clock = StageClock()
    with clock.stage("b"):
        time.sleep(0.02)
    for _ in range(2):
        with clock.stage("a"):
            time.sleep(0.01)
    assert list(clock.seconds()) == ["b", "a"]
    assert 0.02 <= clock.seconds()["a"] < 0.2 and clock.elapsed >= 0.04


def test_the_clock_counts_what_items_cost_and_not_what_is_done_with_them():
    def slow():
        for number in range(3):
            time.sleep(0.01)
            yield number

    clock, taken = StageClock(), []
    for number in clock.timed(slow(), "making"):
        time.sleep(0.05)
        taken.append(number)
    assert taken == [0, 1, 2] and 0.03 <= clock.seconds()["making"] < 0.1


def test_failed_work_is_counted_as_well():
    clock = StageClock()
    with pytest.raises(ValueError, match="x"), clock.stage("a"):
        raise ValueError("x")
    assert "a" in clock.seconds()


def test_memory():
    assert 10 < peak_memory_mib() < 1e6


PARENT = """
import subprocess, sys
held = bytearray(900 << 20)
code = "from src.pipeline.report import peak_memory_mib; print(peak_memory_mib())"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="children do not begin as copies there")
def test_the_memory_of_a_large_parent_is_not_ours():
    run = subprocess.run([sys.executable, "-c", PARENT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 10 < float(run.stdout) < 900
    assert peak_gpu_memory_mib(torch.device("cpu")) is None
