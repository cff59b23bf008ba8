"""Motion templates that would run a command: refused by name wherever a template may be given, and nothing runs."""

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from src.cli.inference import main
from src.errors import TemplateError
from src.live_portrait_wrapper import LivePortraitWrapper

from .whole import error_of

SOURCE = Path(__file__).parents[2] / "assets/examples/source/s0.jpg"
NAMED = rf"the pickle asks for {os.name}\.system, which no motion template needs: not opened"


class Command:
    """Unpickles into a shell command that leaves a file "marker" here."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch marker",)


def in_array(payload: object) -> np.ndarray:
    array = np.empty(1, dtype=object)
    array[0] = payload
    return array


PAYLOADS = {
    "plain": Command(),
    "nested": {"n_frames": 1, "output_fps": 25, "motion": [{"R": in_array([in_array(Command())])}]},
}


@pytest.fixture(params=PAYLOADS)
def evil(request, tmp_path, monkeypatch) -> Path:
    """An exploit that works, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("evil.pkl")
    path.write_bytes(pickle.dumps(PAYLOADS[request.param], protocol=4))
    pickle.loads(path.read_bytes())
    Path("marker").unlink()
    return path


@pytest.mark.parametrize(
    "words",
    [
        ["--driving", "evil.pkl"],
        ["--motion_template", "evil.pkl"],
        ["--motion_template", "evil.pkl", "--driving", str(SOURCE)],
        ["--driving", str(SOURCE), "--driving", "evil.pkl", "--faces", "all"],
        ["--driving", "video.mp4"],
        ["--driving", "evil.pkl", "--save_motion_template", "m.safetensors"],
    ],
    ids=lambda words: " ".join(Path(word).name for word in words),
)
def test_on_the_command_line(evil, capsys, words):
    Path("video.mp4").write_bytes(evil.read_bytes())  # a name protects nobody
    assert main(["--model", "compact", "--source", str(SOURCE), *words]) == 1
    out, err = capsys.readouterr()
    assert out == "" and sorted(path.name for path in Path().iterdir()) == ["evil.pkl", "video.mp4"]
    with pytest.raises(TemplateError, match=NAMED):
        raise TemplateError(error_of(err))


@pytest.mark.parametrize("option", ["driving_video", "motion_template"])
@pytest.mark.parametrize("form", [bytes, io.BytesIO, Path], ids=["bytes", "file", "path"])
def test_from_python(evil, option, form):
    given = evil if form is Path else form(evil.read_bytes())
    with pytest.raises(TemplateError, match=NAMED):
        LivePortraitWrapper(model="compact").execute(source_image=SOURCE, output="r.mp4", **{option: given})
    assert list(Path().iterdir()) == [evil]


def test_as_a_source(evil, capsys):
    assert main(["--model", "compact", "--source", "evil.pkl"]) == 1
    assert error_of(capsys.readouterr().err).startswith("the source 'evil.pkl' is a motion template")
    assert list(Path().iterdir()) == [evil]


@pytest.mark.parametrize("protocol", range(4))
def test_older_pickles(tmp_path, monkeypatch, capsys, protocol):
    """The oldest are plain text, and no templates at all."""
    monkeypatch.chdir(tmp_path)
    Path("old.pkl").write_bytes(pickle.dumps(Command(), protocol=protocol))
    assert main(["--model", "compact", "--source", str(SOURCE), "--driving", "old.pkl"]) == 1
    assert error_of(capsys.readouterr().err) and [path.name for path in Path().iterdir()] == ["old.pkl"]
