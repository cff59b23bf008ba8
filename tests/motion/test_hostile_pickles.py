"""Pickles that are built to keep a reader busy for ever, or to fill its memory."""

import pickle
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from src.errors import TemplateError
from src.motion.restricted_pickle import load_arrays
from src.motion.template import load_template
from tests.motion import goldens

# A tuple that holds itself twice over, forty times: nothing may walk through it.
_DOUBLED = b"\x80\x04K\x01" + b"\x94h%c" % 0 + b"\x86" + b"".join(b"\x94h%ch%c\x86" % (i, i) for i in range(1, 41))
_BY_DUP = b"\x80\x04K\x01" + b"2\x86" * 40
_DTYPE = b"\x8c\x05numpy\x8c\x05dtype\x93"
_SCALAR = b"\x8c\x16numpy._core.multiarray\x8c\x06scalar\x93"
_EMPTY_ARRAY = b"\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93)R"
_NAMED_F4 = _DTYPE + b"\x8c\x02f4\x85R"
_COLLIDING = b"".join(b"\x8a\x12" + ((2**61 - 1) << (8 * 9)).to_bytes(18, "little") for _ in range(3))

HOSTILE = {
    "key": _BY_DUP + b"q\x000}h\x00K\x01s.",
    "key without DUP": _DOUBLED + b"q\xfe}h\xfeK\x01s.",
    "keys in one go": _DOUBLED + b"q\xfe}(h\xfeK\x01u.",
    "keys of the oldest kind": _DOUBLED + b"q\xfe(h\xfeK\x01d.",
    "entry of a set": _BY_DUP + b"q\x000\x8f(h\x00\x90.",
    "frozen set": _BY_DUP + b"q\x000(h\x00\x91.",
    "type of numbers": _DOUBLED + b"q\xfe" + _SCALAR + _DTYPE + b"h\xfe\x85RC\x00\x86R.",
    "order of bytes": _DOUBLED + b"q\xfe" + _SCALAR + _NAMED_F4 + b"h\xfeh\xfe\x86bC\x00\x86R.",
    "shape": _DOUBLED + b"q\xfe" + _EMPTY_ARRAY + b"(K\x01h\xfe" + _NAMED_F4 + b"\x89C\x00tb.",
    "sides beyond measure": _EMPTY_ARRAY.join((b"\x80\x04", b"(K\x01"))
    + b"(" + b"\x8a\xff" + b"\x7f" * 255 + b"t" + _NAMED_F4 + b"\x89C\x00tb.",
    "long number": b"\x80\x04\x8b\x00\x00\x10\x00" + b"\x7f" * 2**20 + b".",
    "numbers as keys": b"\x80\x04}(" + _COLLIDING + b"K\x01u.",
    "sets without end": b"\x80\x04(" + b"\x8f" * 500_000 + b"l.",
    "lists without end": b"\x80\x04(" + b"]" * 500_000 + b"l.",
    "marks without end": b"\x80\x04" + b"(" * 500_000 + b".",
    "memo without end": b"\x80\x04N" + b"\x94" * 500_000 + b".",
    "state of a list": b"\x80\x04]}b.",
    "many arguments": b"\x80\x04(" + b"N" * 10**6 + b"tq\x000" + _DTYPE + b"q\x01" + b"0h\x01h\x00R" * 10**5 + b".",
    "call of a text": b"\x80\x04\x8c\x01x)R.",
    "text extended": b"\x80\x04\x8c\x01xNa.",
    "list with keys": b"\x80\x04]NNs.",
    "stack of nothing": b"\x80\x040.",
    "number as a module": b"\x80\x04K\x01K\x02\x93.",
}  # fmt: skip
_TRY = """
import pickle, resource, sys
from src.errors import TemplateError
from src.motion.restricted_pickle import load_arrays
hostile = pickle.load(sys.stdin.buffer)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, data in hostile.items():
    sys.stdout.write(name + "; ")
    sys.stdout.flush()
    try:
        load_arrays(data)
    except TemplateError as error:
        assert len(str(error)) < 400, "long message"
    else:
        sys.exit("not refused")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120_000, "much memory"
"""


def test_hostile_pickles_are_refused_at_once() -> None:
    """In a process of its own, since what hangs inside C cannot be stopped from Python."""
    pytest.importorskip("resource")
    command, root = [sys.executable, "-c", _TRY], Path(__file__).parents[2]
    try:
        done = subprocess.run(command, input=pickle.dumps(HOSTILE), cwd=root, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"the last of these never ends: {error.stdout!r}")
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert done.stdout.decode().split("; ")[:-1] == list(HOSTILE)


def test_values_may_be_shared_without_end() -> None:
    """What nobody walks through does no harm."""
    value = load_arrays(_DOUBLED + b".")
    for _ in range(40):
        value = value[0]
    assert value == (1, 1)


@pytest.mark.parametrize("protocol", [2, 4])
def test_long_names_are_cut(protocol: int) -> None:
    name = b"m" * 10**6
    long = b"\x80\x02c" + name + b"\n" + name + b"\n."
    if protocol == 4:
        word = b"X" + len(name).to_bytes(4, "little") + name
        long = b"\x80\x04" + word + word + b"\x93."
    with pytest.raises(TemplateError, match=r"asks for m{80}\.m{80}, which"):
        load_arrays(long)
    with pytest.raises(TemplateError, match=r"type 'm{80}'"):
        load_arrays(b"\x80\x04" + _SCALAR + _DTYPE + b"X\x40\x42\x0f\x00" + name + b"\x85RC\x00\x86R.")


@pytest.mark.parametrize("text", [b"F" + b"x" * 10**6 + b"\n.", b"I" + b"9" * 10**6 + b"\n."])
def test_long_nonsense_is_not_repeated(text: bytes) -> None:
    with pytest.raises(TemplateError) as refusal:
        load_arrays(text)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("n", [1, 500])
def test_real_templates_take_few_enough_steps(tmp_path: Path, protocol: int, n: int) -> None:
    content = goldens.official_template()
    # copies, as a video leaves them: what is shared would be written once
    lists = {
        name: [entry for _ in range(n) for entry in deepcopy(value)]
        for name, value in content.items()
        if isinstance(value, list)
    }
    path = tmp_path / "t.pkl"
    path.write_bytes(pickle.dumps(content | lists | {"n_frames": 4 * n}, protocol=protocol))
    if protocol < 3:  # bytes are written as calls of a function then, which never was permitted
        with pytest.raises(TemplateError, match=r"_codecs\.encode"):
            load_template(path)
    else:
        assert load_template(path).n_frames == 4 * n
