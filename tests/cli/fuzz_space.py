"""What the fuzzer draws from: every option with good and bad values, files of every kind, and commands of both."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st

from src.media.picture import write_picture
from src.motion.template import MotionTemplate, save_template
from tests.pipeline.fakes import motion_of
from tests.pipeline.scenes import grey, make_video, people, write_video

from .whole import in_words

LONG = "x" * 300
BROKEN = ["empty.jpg", "text.jpg", "cut.png", "cut.mp4", "nothing", "mixed", "broken", "a\0b", "two\nlines.jpg"]
TEMPLATES = ["d.safetensors", "still.safetensors"]
FILES = {  # good and bad inputs, in the folder "in"
    "source": (
        ["s.png", "odd.png", "people.png", "people.mp4", "gaps.mp4", "one.mp4", "d.gif", "still.gif", "frames"],
        ["black.png", "black.mp4", "dot.png", "thin.png", "d.safetensors", "d.pkl", "none.jpg", *BROKEN],
    ),
    "driving": (
        ["d.mp4", "d.gif", "d.png", "frames", "gaps.mp4", "one.mp4", "people.mp4", "d.pkl", *TEMPLATES],
        ["black.png", "black.mp4", "dot.png", "base.safetensors", "cut.safetensors", "evil.pkl", "none.mp4", *BROKEN],
    ),
    "motion_template": (TEMPLATES, ["d.mp4", "evil.pkl", "base.safetensors"]),
}
SWITCH = ([True, False], [])
RATIO = ([0.0, 0.5, 1.0, 2.0], [-1.0, 2.5, "nan", "inf", "much"])
SIZE = ([0.5, 1.5, 2.3, 9.0], [0.0, -2.3, 1e-30, 1e30, "nan", "inf", "big"])
SHIFT = ([0.0, -0.5, 0.3], [50.0, -1e30, "nan", "-inf", "left"])
FORMATS = ["r.mp4", "r.MOV", "r.gif", "r.webm", "r.avi", "r.mkv", "r.jpg", "r.png", "taken.mp4"]
VALUES = {  # good and bad values
    "v2v": SWITCH,
    "source_points": ([None], ["nose"]),
    "driving_kind": (["auto", "human"], ["animal"]),
    "faces": (["largest", "all", "0", "1,0", " 0 , 1 "], ["", "5", "-1", "0,0", "both", "0,", "٣", "9" * 5000]),
    "output": (
        [*FORMATS, "deep/er/r.mp4", "there/", "there", "ein 'größeres' \"Bild\".mp4", "two\nlines.mp4", "-dash.mp4"],
        ["", "r.txt", "file/r.mp4", f"{LONG}.mp4", "in/d.mp4", "in/s.png", "in/frames/1.gif", "a\0b.mp4", "\ud800.mp4"],
    ),
    "output_dir": (["there", "deep/er", ".", "in", "r.mp4", "in/frames"], ["", "file", LONG, "a\0b"]),
    "output_size": ([64, 66, 100], [0, 63, 65, -2, 5000, "large"]),
    "audio": SWITCH,
    "audio_priority": (["source", "driving"], ["loudest"]),
    "concat": SWITCH,
    "save_motion_template": (
        ["m", "m.pkl", "deep/m.safetensors", "in/s.pkl"],
        ["", "m.txt", "in/d.safetensors", "in/base.safetensors", "file/m", "taken.mp4", "a\0b"],
    ),
    "auto_template": SWITCH,
    "report": (["report.json", "deep/report.json"], ["", "r.txt", "file/r.json", "taken.json", "a\0b.json"]),
    "crf": ([0, 30, 51], [-1, 52, 1.5]),
    "flag_relative_motion": SWITCH,
    "flag_stitching": SWITCH,
    "animation_region": (["exp", "pose", "lip", "eyes", "all"], ["nose"]),
    "driving_option": (["expression-friendly", "pose-friendly"], ["friendly"]),
    "expression_scale": (["official", "true"], ["false"]),
    "driving_multiplier": ([0.0, 0.7, -1.0, 3.0], [1e30, "nan", "inf"]),
    "flag_normalize_lip": SWITCH,
    "flag_eye_retargeting": SWITCH,
    "flag_lip_retargeting": SWITCH,
    "retargeting_mode": (["official", "additive"], ["none"]),
    "driving_eye": (["left", "mean"], ["right"]),
    "eyes_retargeting_ratio": RATIO,
    "lip_retargeting_ratio": RATIO,
    "flag_source_video_eye_retargeting": SWITCH,
    "driving_smooth_observation_variance": ([3e-7, 1.0], [0.0, -1.0, 1e-300, 1e300, "nan", "inf"]),
    "on_missing": (["hold", "interpolate", "error"], ["skip"]),
    "align": (["time", "index"], ["sound"]),
    "smooth": SWITCH,
    "flag_do_crop": SWITCH,
    "flag_pasteback": SWITCH,
    "feather": ([1, 16, 128], [0, 129, "soft"]),
    "match_color": SWITCH,
    "flag_crop_driving_video": SWITCH,
    "source_max_dim": ([0, 64, 1280], [-1, 1, 10**9]),
    "source_division": ([1, 2, 16], [0, -2, 10**9]),
    "flag_do_rot": SWITCH,
    "scale": SIZE,
    "vx_ratio": SHIFT,
    "vy_ratio": SHIFT,
    "scale_crop_driving_video": SIZE,
    "vx_ratio_crop_driving_video": SHIFT,
    "vy_ratio_crop_driving_video": SHIFT,
    "detector": (["auto", "mediapipe"], ["eyes"]),
    "animal_detector": (["auto", "catface"], ["eyes"]),
    "gif": SWITCH,
    "det_thresh": ([0.0, 0.5, 1.0], [-0.1, 1.1, "nan"]),
    "model": (["auto", "compact"], ["base", "animals"]),
    "weights_dir": (["in"], ["", "none", "file", "a\0b"]),
    "device": (["auto", "cpu", " CPU "], ["cuda:99", "abacus", ""]),
    "device_id": ([0], [-1, 99, "first"]),
    "flag_force_cpu": SWITCH,
    "engine": (["auto", "eager", "fused"], ["magic"]),
    "precision": (["auto", "float32"], ["int4"]),
    "flag_use_half_precision": SWITCH,
    "batch_size": ([1, 3, 100], [0, -2]),
    "flag_do_torch_compile": SWITCH,
    "server_port": ([8000], [0, 70000]),
    "server_name": (["0.0.0.0"], []),
    "share": SWITCH,
    "gradio_temp_dir": (["there"], []),
}
PYTHON_ONLY = {
    "animal_face_type",
    "animals",
    "lip_normalize_threshold",
    "paste_unstitched",
    "source_video_eye_retargeting_threshold",
}


@dataclass(frozen=True)
class Command:
    """Options by name, and which engine and detector are to run."""

    source: str | None
    drivings: tuple[str, ...]
    options: tuple[tuple[str, object], ...]
    reads_meshes: bool
    crops_driving: bool
    animals: bool = False
    points: tuple[str, ...] = ()

    def reads(self, path: str) -> bool:
        """Whether a file is an input, or one of a folder of pictures."""
        templates = [value for name, value in self.options if name == "motion_template"]
        return any(path == given or path.startswith(f"{given}/") for given in (self.source, *self.drivings, *templates))

    def words(self) -> list[str]:
        given = [] if self.source is None else [("source", self.source)]
        points = ["--source_points", *self.points] if self.points else []
        return [*in_words([*given, *(("driving", one) for one in self.drivings), *self.options]), *points]


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """Half of them hold only good values, though these may contradict each other."""
    sane = draw(st.booleans())

    def one(good_and_bad: tuple[list, list]) -> object:
        good, bad = good_and_bad
        return draw(st.sampled_from(bad if bad and not sane and draw(st.integers(0, 3)) == 0 else good))

    def path(role: str) -> str:
        return f"in/{one(FILES[role])}"

    options = {name: one(VALUES[name]) for name in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=6))}
    if draw(st.integers(0, 7)) == 0:
        options["motion_template"] = path("motion_template")
    source = None if draw(st.integers(0, 7)) == 0 else path("source")
    n_drivings = draw(st.sampled_from([0, 1, 1, 1, 1, 1, 2, 3]))
    if n_drivings > 1 and sane:
        source, options["faces"] = f"in/people.{draw(st.sampled_from(['png', 'mp4']))}", "all"
    return Command(
        source,
        tuple(path("driving") for _ in range(n_drivings)),
        tuple(options.items()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


ANIMALS = {  # good and bad values of the options that are theirs, or mean something else there
    "driving_kind": (["auto", "human", "animal"], ["fish"]),
    "animal_detector": (["auto", "catface", "xpose"], ["eyes"]),
    "model": (["auto", "compact"], ["base"]),
    "v2v": ([False], [True]),
    **{
        name: VALUES[name]
        for name in ("output", "faces", "flag_do_crop", "flag_pasteback", "flag_stitching", "flag_relative_motion")
    },
    **{name: VALUES[name] for name in ("flag_eye_retargeting", "concat", "output_size", "source_max_dim")},
}
POINTS = [(), (), ("30,20", "60,20", "45,40", "45,55"), ("9.5;9", "20,9", "15,20", "15,30")]
BAD_POINTS = [
    ("60,20", "30,20", "45,40", "45,55"),
    ("a", "b", "c", "d"),
    ("1,1",) * 4,
    ("30,20", "900,20", "450,400", "450,600"),
]


@st.composite
def animal_commands(draw: st.DrawFn) -> Command:
    """Commands of inference_animals.py; half of them hold only good values."""
    sane = draw(st.booleans())

    def one(good: list, bad: list) -> object:
        return draw(st.sampled_from(bad if bad and not sane and draw(st.integers(0, 3)) == 0 else good))

    options = {name: one(*ANIMALS[name]) for name in draw(st.lists(st.sampled_from(sorted(ANIMALS)), max_size=4))}
    source = one(["s.png", "odd.png", "people.png", "still.gif"], ["d.mp4", "frames", "black.png", "dot.png", "d.pkl"])
    driving = one(
        ["d.mp4", "d.gif", "frames", "gaps.mp4", *TEMPLATES], ["d.png", "black.mp4", "base.safetensors", "evil.pkl"]
    )
    return Command(
        f"in/{source}",
        (f"in/{driving}",),
        tuple(options.items()),
        draw(st.booleans()),
        draw(st.booleans()),
        animals=True,
        points=one(POINTS, BAD_POINTS),
    )


def write_media(folder: Path) -> None:
    """One file of every kind, good and bad."""
    levels = [60, 90, 150, 120]
    motion = motion_of(torch.tensor(levels) / 255)
    small = {"width": 64, "height": 48}
    make_video(folder / "d.mp4", levels, 30, **small)
    make_video(folder / "d.gif", levels, **small)
    make_video(folder / "one.mp4", [99], **small)
    make_video(folder / "still.gif", [99], **small)
    make_video(folder / "black.mp4", [0, 0], **small)
    write_video(folder / "gaps.mp4", [people(level) for level in (0, 80, 0, 120)])
    write_video(folder / "people.mp4", [people(80 + shift, 160, shift=shift) for shift in range(3)])
    pictures = {
        "s.png": np.random.default_rng(0).integers(80, 120, (80, 100, 3), dtype=np.uint8),
        "odd.png": grey(90, 33, 51),
        "people.png": people(70, 120, 170),
        "d.png": grey(150, 64, 64),
        "black.png": grey(0, 64, 64),
        "dot.png": grey(200, 1, 1),
        "thin.png": grey(90, 2000, 20),
        "frames/1.png": grey(60, 64, 64),
        "frames/2.png": grey(90, 64, 64),
        "frames/10.png": grey(150, 64, 64),
        "mixed/1.png": grey(60, 64, 64),
        "mixed/2.png": grey(60, 32, 64),
        "broken/1.png": grey(60, 64, 64),
    }
    for name, rgb in pictures.items():
        write_picture(folder / name, rgb)
    for name in ("d.safetensors", "d.pkl"):
        save_template(MotionTemplate(motion, fps=25, model="compact"), folder / name)
    save_template(MotionTemplate(motion[:1], fps=25, model="compact"), folder / "still.safetensors")
    save_template(MotionTemplate(motion, fps=25, model="base"), folder / "base.safetensors")
    make_video(folder / "frames/1.gif", levels[:2], width=64, height=64)
    (folder / "frames/note.txt").write_text("no picture")
    (folder / "evil.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'touch evil'\ntR.")
    (folder / "cut.png").write_bytes((folder / "s.png").read_bytes()[:2000])
    (folder / "broken/2.png").write_bytes((folder / "s.png").read_bytes()[:2000])
    (folder / "cut.mp4").write_bytes((folder / "d.mp4").read_bytes()[:600])
    (folder / "cut.safetensors").write_bytes((folder / "d.safetensors").read_bytes()[:300])
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("a picture, honestly")
    (folder / "nothing").mkdir()
    examples = folder / "examples"
    for place, name in (("source/s0.jpg", "s.png"), ("driving/d0.mp4", "d.mp4")):
        (examples / place).parent.mkdir(parents=True)
        shutil.copy(folder / name, examples / place)
