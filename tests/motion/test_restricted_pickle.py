"""No pickle gets further than plain numbers."""

import os
import pickle
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from src.errors import TemplateError
from src.motion import restricted_pickle
from src.motion.restricted_pickle import PickledArray, load_arrays


class _RunsCommand:
    """Unpickles into a shell command that leaves a file behind."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f"touch '{self.marker}'",)


def _plain(value):
    """The numbers of what was read."""
    if isinstance(value, PickledArray):
        return value.array
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


# What random bytes seldom make: a pickle's words for permitted globals, calls, state and containers.
_OPCODES = [
    *(b"\x8c\x05numpy\x8c\x05dtype\x93", b"\x8c\x05numpy\x8c\x07ndarray\x93"),
    *(b"\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93", b"\x8c\x16numpy._core.multiarray\x8c\x06scalar\x93"),
    *(b"\x8c\x02os\x8c\x06system\x93", b"\x8c\x08builtins\x8c\x04eval\x93"),
    *(b"R", b"b", b"\x81", b"\x92", b"(", b"t", b")", b"\x85", b"\x86", b"\x87", b"}", b"]", b"s", b"a", b"e", b"u"),
    *(b"N", b"K\x04", b"\x8c\x02f4", b"C\x04\0\0\x80?", b"\x88", b"G?\xf0\0\0\0\0\0\0", b"\x94", b"h\0", b"2", b"0"),
]


def _assert_harmless(value: object, seen: frozenset[int] = frozenset()) -> None:
    """Plain values and the module's own stand-ins, all the way down; a pickle may make a container hold itself."""
    if id(value) in seen:
        return
    seen |= {id(value)}
    if isinstance(value, dict):
        for pair in value.items():
            _assert_harmless(pair, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            _assert_harmless(entry, seen)
    elif isinstance(value, PickledArray):
        assert set(vars(value)) <= {"array"}
        assert not vars(value) or value.array.dtype.kind in "fiub"
    else:
        stand_ins = restricted_pickle._Dtype | restricted_pickle._Global
        assert value is None or isinstance(value, int | float | str | bytes | bytearray | stand_ins), type(value)


def test_the_check_for_harm_finds_some() -> None:
    for harm in (os.system, [print], {"a": (np.zeros(1),)}, Path("x")):
        with pytest.raises(AssertionError):
            _assert_harmless(harm)


def _nested(payload: object) -> np.ndarray:
    array = np.empty(2, dtype=object)
    array[0], array[1] = 1.0, payload
    return array


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [lambda p: {"motion": p}, _nested, lambda p: {"motion": [{"R": _nested(p)}]}])
def test_exploits_are_named_and_do_not_run(tmp_path: Path, wrap, protocol: int) -> None:
    marker = tmp_path / "was here"
    data = pickle.dumps(wrap(_RunsCommand(marker)), protocol=protocol)
    with pytest.raises(TemplateError, match=rf"{os.name}\.system|_codecs\.encode"):  # old protocols encode bytes first
        load_arrays(data)
    assert not marker.exists()
    pickle.loads(data)  # the payload is real
    assert marker.exists()


def test_protocol_4_exploits_are_named_exactly(tmp_path: Path) -> None:
    payload = _RunsCommand(tmp_path / "marker")
    for value in ({"n_frames": payload}, _nested(payload)):
        with pytest.raises(TemplateError, match=rf"{os.name}\.system"):
            load_arrays(pickle.dumps(value, protocol=4))


@pytest.mark.parametrize(
    "value",
    [_nested("text"), np.array(["text"]), np.zeros(2, dtype=[("a", "f4")]), np.zeros(1, "c8"), np.zeros(1, "M8")],
)
def test_arrays_of_anything_but_numbers(value: np.ndarray) -> None:
    with pytest.raises(TemplateError, match=r"plain numbers|not stored as plain bytes"):
        load_arrays(pickle.dumps(value, protocol=4))


numbers = hnp.arrays(
    st.sampled_from(["<f4", ">f4", "<f8", "<f2", "<i8", ">i4", "u1", "?"]), hnp.array_shapes(min_dims=0, max_side=4)
)


@given(numbers, st.sampled_from([3, 4, 5]), st.booleans())
def test_arrays_are_read_as_they_are(array: np.ndarray, protocol: int, transpose: bool) -> None:
    array = array.T if transpose else array
    found = _plain(load_arrays(pickle.dumps({"a": [array, 1, "x", None]}, protocol=protocol)))["a"]
    np.testing.assert_array_equal(found[0], array)
    assert found[0].shape == array.shape and found[1:] == [1, "x", None]


@pytest.mark.parametrize("number", [np.float32(0.1), np.int64(-3), np.float64(29.97)])
def test_numpy_numbers(number: np.number) -> None:
    assert _plain(load_arrays(pickle.dumps(number, protocol=4))) == number


def test_both_spellings_of_numpys_modules() -> None:
    array = np.arange(3.0)
    written = pickle.dumps(array, protocol=3)
    new, old = (re.sub(rb"numpy\._?core", core, written) for core in (b"numpy._core", b"numpy.core"))
    assert new != old
    for data in (new, old):
        np.testing.assert_array_equal(_plain(load_arrays(data)), array)


def test_a_wrong_size_is_refused() -> None:
    good = pickle.dumps(np.arange(4, dtype="<f4"), protocol=4)
    assert good.count(b"K\x04\x85") == 1
    with pytest.raises(TemplateError, match="with 16 bytes"):
        load_arrays(good.replace(b"K\x04\x85", b"K\xff\x85"))


def test_memo_bomb_is_refused() -> None:
    with pytest.raises(TemplateError, match="memo"):
        load_arrays(b"\x80\x04Nr\xff\xff\xff\x7f.")


def test_a_permitted_global_cannot_be_changed() -> None:
    attack = b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93}\x8c\x04spec\x8c\x02f4sb."
    with pytest.raises(TemplateError, match="change a function"):
        load_arrays(attack)


@settings(max_examples=500)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(_OPCODES), min_size=1, max_size=6).map(b"".join))
def test_noise_is_refused_or_harmless(data: bytes) -> None:
    with suppress(TemplateError):
        _assert_harmless(load_arrays(b"\x80\x04" + data + b"."))


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_file_is_refused_or_harmless(position: int, byte: int) -> None:
    data = bytearray(pickle.dumps({"R": np.eye(3, dtype=np.float32), "n": 3, "l": [1.5, "x"]}, protocol=4))
    data[position % len(data)] = byte
    for damaged in (bytes(data), bytes(data[: position % len(data)])):
        with suppress(TemplateError):
            _assert_harmless(load_arrays(damaged))
