import json
import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import src.motion.template as template_module
from src.errors import InputError, MissingFileError, TemplateError
from src.motion.motion import Motion
from src.motion.template import MotionTemplate, load_template, save_template
from tests.motion import goldens
from tests.tolerances import FLOAT32

MOTION = goldens.motion("drv")
NTSC = Fraction(30000, 1001)


def _motion(n: int, seed: int = 0) -> Motion:
    g = torch.Generator().manual_seed(seed)
    sizes = {"kp": (21, 3), "R": (3, 3), "exp": (21, 3), "t": (3,), "scale": (1,), "eye_ratio": (2,), "lip_ratio": (1,)}
    return Motion(**{name: torch.randn(n, *size, generator=g) for name, size in sizes.items()})


def _same(a: Motion, b: Motion) -> bool:
    pairs = [
        (getattr(a, name), getattr(b, name)) for name in ("kp", "R", "exp", "t", "scale", "eye_ratio", "lip_ratio")
    ]
    return all((x is None and y is None) or torch.equal(x.nan_to_num(9), y.nan_to_num(9)) for x, y in pairs)


def _dump(path: Path, content: object) -> Path:
    path.write_bytes(pickle.dumps(content, protocol=4))
    return path


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 5),
    st.fractions(Fraction(1, 10), 240, max_denominator=1001),
    st.sampled_from(["base", "compact"]),
    st.sets(st.sampled_from(["kp", "eye_ratio", "lip_ratio"])),
)
def test_round_trip(tmp_path_factory, n: int, fps: Fraction, model: str, missing: set[str]) -> None:
    motion = _motion(n)
    motion = replace(motion, **dict.fromkeys(missing - {"kp"}))
    if "kp" in missing:
        motion = replace(motion, kp=torch.full_like(motion.kp, torch.nan))
    folder = tmp_path_factory.mktemp("templates")
    for suffix in (".safetensors", ".pkl"):
        path = save_template(MotionTemplate(motion, fps, model), folder / f"a{suffix}")
        again = load_template(path)
        assert _same(again.motion, motion) and again.model == model and again.n_frames == n
        assert again.fps == (fps if suffix == ".safetensors" else max(round(fps), 1))


@pytest.mark.parametrize("lists", ["c_{}_lst", "c_d_{}_lst", None])
@pytest.mark.parametrize("rotation", ["R", "R_d"])
@pytest.mark.parametrize("fps", [30, 29.97, np.int64(25), np.float64(12.5), None])
def test_every_official_layout(tmp_path: Path, rotation: str, lists: str | None, fps) -> None:
    template = load_template(_dump(tmp_path / "any.name", goldens.official_template(rotation, lists, output_fps=fps)))
    found, z = template.motion, goldens.animation()
    for name in ("R", "exp", "t", "scale"):
        np.testing.assert_array_equal(getattr(found, name), z[f"tpl_{name}"][:, 0])
    assert bool(found.kp.isnan().all()) == (rotation == "R_d")
    assert (found.eye_ratio is None) == (found.lip_ratio is None) == (lists is None)
    if lists:
        np.testing.assert_array_equal(found.eye_ratio, z["tpl_c_eyes_lst"][:, 0])
        np.testing.assert_array_equal(found.lip_ratio, z["tpl_c_lip_lst"][:, 0])
    assert template.model == "base" and template.fps == Fraction(25 if fps is None else str(float(fps)))


def test_written_pickle_is_the_golden_template(tmp_path: Path) -> None:
    path = save_template(MotionTemplate(MOTION, Fraction("29.97")), tmp_path / "t.pkl")
    assert b"numpy.core.multiarray" in path.read_bytes() and b"_core" not in path.read_bytes()
    assert path.read_bytes()[:2] == b"\x80\x04"
    content, z = pickle.loads(path.read_bytes()), goldens.animation()
    assert list(content) == ["n_frames", "output_fps", "motion", "c_eyes_lst", "c_lip_lst"]
    assert list(content["motion"][0]) == ["scale", "R", "exp", "t", "kp", "x_s"]
    for name in content["motion"][0]:
        values = [frame[name] for frame in content["motion"]]
        assert all(value.flags.c_contiguous and value.dtype == np.float32 for value in values)
        np.testing.assert_allclose(values, z[f"tpl_{name}"], rtol=0, atol=FLOAT32["ratio"].abs)
    for name in ("c_eyes_lst", "c_lip_lst"):
        np.testing.assert_allclose(content[name], z[f"tpl_{name}"], rtol=0, atol=FLOAT32["ratio"].abs)
    # Q8: the reference cuts 29.97 to 29, we round here and keep the fraction in our own format
    assert z["tpl_output_fps"] == 29 and content["output_fps"] == 30
    exact = save_template(MotionTemplate(MOTION, NTSC), tmp_path / "t")
    assert load_template(exact).fps == NTSC


def test_written_animal_template_has_the_official_keys(tmp_path: Path) -> None:
    bare = replace(MOTION, kp=torch.full_like(MOTION.kp, torch.nan), eye_ratio=None, lip_ratio=None)
    content = pickle.loads(save_template(MotionTemplate(bare, Fraction(25)), tmp_path / "t.pkl").read_bytes())
    keys = json.loads(str(goldens.animation()["animal_template_keys"]))
    assert list(content) == keys["top"] and list(content["motion"][0]) == keys["motion"]


def test_model_key(tmp_path: Path) -> None:
    official = save_template(MotionTemplate(MOTION, Fraction(25)), tmp_path / "a.pkl")
    other = save_template(MotionTemplate(MOTION, Fraction(25), "compact"), tmp_path / "b.pkl")
    assert "model" not in pickle.loads(official.read_bytes()) and pickle.loads(other.read_bytes())["model"] == "compact"
    load_template(official).check_model("base")
    load_template(other).check_model("compact")
    with pytest.raises(TemplateError, match="'base' and cannot drive 'compact'"):
        load_template(official).check_model("compact")


def test_header_says_nothing_about_the_origin(tmp_path: Path) -> None:
    path = save_template(MotionTemplate(MOTION, NTSC, "compact"), tmp_path / "somebody")
    assert path.name == "somebody.safetensors"
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header.pop("__metadata__") == {
        "format": "liveportrait-motion-template",
        "version": "1",
        "model": "compact",
        "fps": "30000/1001",
        "n_frames": "4",
    }
    assert set(header) == {"kp", "R", "exp", "t", "scale", "eye_ratio", "lip_ratio"}
    assert b"somebody" not in data and str(tmp_path).encode() not in data


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    template = MotionTemplate(MOTION, Fraction(25))
    for suffix in (".pkl", ".safetensors"):
        path = save_template(template, tmp_path / f"a{suffix}").rename(tmp_path / f"{suffix[1:]} called.mp4")
        assert _same(load_template(path).motion, MOTION)


def test_own_templates_are_replaced_and_others_are_not(tmp_path: Path) -> None:
    first, second = MotionTemplate(MOTION[:2], Fraction(25)), MotionTemplate(MOTION, Fraction(30))
    for name in ("a", "b.pkl"):
        save_template(first, tmp_path / name)
        assert load_template(save_template(second, tmp_path / name)).n_frames == 4
    (tmp_path / "photo.pkl").write_bytes(b"\xff\xd8\xff")
    save_file({"w": torch.zeros(1)}, tmp_path / "weights.safetensors")
    _dump(tmp_path / "official.pkl", goldens.official_template())
    (tmp_path / "folder.pkl").mkdir()
    for name in ("photo.pkl", "weights.safetensors", "official.pkl", "folder.pkl"):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).is_file() else None
        with pytest.raises(InputError, match="another name"):
            save_template(second, tmp_path / name)
        assert before is None or (tmp_path / name).read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    template = MotionTemplate(MOTION, Fraction(25))
    assert save_template(template, tmp_path / "new" / "folders" / "t.PKL").is_file()
    with pytest.raises(InputError, match="safetensors"):
        save_template(template, tmp_path / "t.npz")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        save_template(template, tmp_path / "file" / "t.pkl")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        save_template(MotionTemplate(MOTION, Fraction(25)), tmp_path / "t")
    assert not list(tmp_path.iterdir())


def test_what_is_no_template(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        load_template(tmp_path / "none")
    for content in (b"", b"hello", b"\xff\xd8\xff", b"\x80\x04}.", b"\x10\0\0\0\0\0\0\0{}", b"\xff" * 8 + b"{" * 2000):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(TemplateError, match="file"):
            load_template(tmp_path / "file")
    with pytest.raises(TemplateError, match="folder"):
        load_template(tmp_path)


def test_size_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_template(MotionTemplate(MOTION, Fraction(25)), tmp_path / "t")
    monkeypatch.setattr(template_module, "MAX_BYTES", 100)
    with pytest.raises(TemplateError, match="larger"):
        load_template(path)


def _broken(i: int, name: str, value: object) -> list[dict]:
    frames = goldens.official_template()["motion"]
    frames[i][name] = value
    return frames


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_frames": 5}, "n_frames=5"),
        ({"n_frames": "4"}, "n_frames"),
        ({"n_frames": 10**400}, "too large"),
        ({"motion": []}, "0"),
        ({"motion": None}, "list of motions"),
        ({"motion": [1, 2, 3, 4]}, "list of motions"),
        ({"motion": [{}] * 4}, "frame 0.*R"),
        ({"motion": _broken(2, "exp", np.zeros((1, 20, 3), np.float32))}, "frame 2.*exp"),
        ({"motion": _broken(1, "t", [0.0, 0.0, 0.0])}, "frame 1.*t"),
        ({"motion": _broken(1, "scale", np.full((1, 1), np.nan, np.float32))}, "scale.*finite"),
        ({"motion": _broken(1, "kp", np.full((1, 21, 3), np.inf))}, "kp.*finite"),
        ({"motion": _broken(1, "t", np.full((1, 3), 1e300))}, "t holds"),
        ({"c_eyes_lst": [np.zeros((1, 2))] * 3}, "c_eyes_lst"),
        ({"c_lip_lst": [np.zeros((1, 2))] * 4}, "c_lip_lst"),
        ({"output_fps": 0}, "output_fps"),
        ({"output_fps": float("nan")}, "output_fps"),
        ({"output_fps": "25"}, "output_fps"),
        ({"output_fps": 10**400}, "too large"),
        ({"output_fps": float("inf")}, "output_fps"),
        ({"model": 3}, "model"),
        ({"model": "a\nb"}, "model"),
    ],
)
def test_inconsistent_pickles(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        load_template(_dump(tmp_path / "t.pkl", goldens.official_template(**changes)))


@pytest.mark.parametrize(
    ("tensors", "header", "message"),
    [
        ({"R": None}, {}, "lacks R"),
        ({"R": torch.zeros(())}, {}, "holds 0"),
        ({"exp": torch.zeros(4, 63)}, {}, "exp"),
        ({"lip_ratio": torch.zeros(3, 1)}, {}, "lip_ratio"),
        ({"t": torch.full((4, 3), torch.inf)}, {}, "finite"),
        ({}, {"fps": "1/0"}, "fraction"),
        ({}, {"fps": "-5"}, "frame rate"),
        ({}, {"fps": "0/1"}, "frame rate"),
        ({}, {"fps": "1e9"}, "no fraction"),  # with more nines it would never be read
        ({}, {"fps": "9" * 10_000 + "/1"}, "'9{80}' is no fraction"),
        ({}, {"n_frames": "5" * 10_000}, "says 5{80} frames"),
        ({}, {"n_frames": "5"}, "5 frames"),
        ({}, {"version": "2"}, "version 2"),
        ({}, {"version": "2" * 10_000}, "version 2{80},"),
        ({}, {"format": "weights"}, "no motion template"),
        ({}, {"model": ""}, "model"),
    ],
)
def test_inconsistent_safetensors(tmp_path: Path, tensors: dict, header: dict, message: str) -> None:
    path = save_template(MotionTemplate(MOTION, Fraction(25)), tmp_path / "t")
    metadata = {
        "format": "liveportrait-motion-template",
        "version": "1",
        "model": "base",
        "fps": "25/1",
        "n_frames": "4",
    }
    content = load_file(path) | tensors
    save_file({name: value for name, value in content.items() if value is not None}, path, metadata | header)
    with pytest.raises(TemplateError, match=message):
        load_template(path)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8), st.sampled_from(["t.pkl", "t.safetensors"]))
def test_damaged_files_are_clear_errors(tmp_path_factory, position: int, noise: bytes, name: str) -> None:
    path = save_template(MotionTemplate(MOTION[:1], Fraction(25)), tmp_path_factory.mktemp("templates") / name)
    data = path.read_bytes()
    position %= len(data)
    for damaged in (data[:position], data[:position] + noise + data[position + len(noise) :]):
        path.write_bytes(damaged)
        try:
            load_template(path)
        except TemplateError as error:
            assert str(path) in str(error)


def test_bad_motions_are_not_accepted() -> None:
    for broken in (MOTION[:0], replace(MOTION, exp=MOTION.exp[:2]), replace(MOTION, t=MOTION.t * torch.nan)):
        with pytest.raises(TemplateError):
            MotionTemplate(broken, Fraction(25))
    with pytest.raises(TemplateError, match="frame rate"):
        MotionTemplate(MOTION, Fraction(0))
