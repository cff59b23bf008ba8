"""The documented Python interface with the model that ships: whatever callers pass, and what they get back."""

import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from fractions import Fraction
from itertools import islice
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.errors import InputError, NoFaceError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.picture import read_picture, write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.pipeline.result import AnimationResult

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "assets/examples"
SHORT = ROOT / "tests/data/media/short.mp4"
SMILE = EXAMPLES / "driving/smile.safetensors"
QUICK = {"flag_pasteback": False, "concat": False}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine torch's threads wait for each other at every layer of these small networks."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(usual)


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapper:
    return LivePortraitWrapper(model="compact", device="cpu")


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Three frames of a talking face, far apart, as the file d.mp4 shows them."""
    return [frame.rgb for frame in islice(open_video(SHORT), 0, 30, 10)]


@pytest.fixture(scope="module")
def media(tmp_path_factory, frames) -> Path:
    """Source s.png (small, without loss), driver d.mp4 of three frames with sound, picture d.png of one of them."""
    folder = tmp_path_factory.mktemp("media")
    face = read_picture(EXAMPLES / "source/s9.jpg")
    scale = 320 / max(face.shape)
    write_picture(folder / "s.png", cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    with VideoWriter(folder / "d.mp4", 25, audio_from=SHORT) as writer:
        for rgb in frames:
            writer.write(rgb)
    write_picture(folder / "d.png", frames[1])
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """Results go to an empty folder; temporary files to another one, from where all are gone after the test."""
    temporary, work = tmp_path / "temporary", tmp_path / "work"
    temporary.mkdir()
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(work)
    yield work
    assert list(temporary.iterdir()) == []
    assert [path for path in work.rglob("*") if path.name.startswith(".")] == []


def pictures(path: str) -> list[np.ndarray]:
    return [frame.rgb for frame in open_video(path)]


def assert_same(ours: str, theirs: str) -> None:
    """Two results hold the same pictures."""
    read = pictures if ours.endswith(".mp4") else lambda path: [read_picture(path)]
    np.testing.assert_array_equal(read(ours), read(theirs))


# Making one -----------------------------------------------------------------------------------------------------------


def test_without_arguments(media, monkeypatch, tmp_path):
    """Ready to use: offline and without official files with the weights that ship."""
    monkeypatch.setattr("src.weights.resolve.default_weights_dir", lambda: tmp_path)
    wrapper = LivePortraitWrapper()
    assert wrapper.engine.name == "compact"
    result = wrapper.execute(source_image=media / "s.png", driving_video=media / "d.png", concat=False)
    assert result == "animations/s--d.jpg" and Path(result).is_file()


@pytest.mark.parametrize("by_name", [True, False])
def test_the_official_call(media, by_name):
    """With a config, whose values then hold for every call."""
    cfg, crop_cfg = InferenceConfig(flag_pasteback=False, device="cpu"), CropConfig(scale=2.0)
    model = {"model": "compact"}
    wrapper = (
        LivePortraitWrapper(inference_cfg=cfg, crop_cfg=crop_cfg, **model)
        if by_name
        else LivePortraitWrapper(cfg, crop_cfg=crop_cfg, **model)
    )
    assert wrapper.inference_cfg is cfg and wrapper.crop_cfg is crop_cfg
    result = wrapper.execute(source_image=media / "s.png", driving_video=media / "d.png", output="r.png")
    assert read_picture(result).shape == (512, 512, 3)
    same = LivePortraitWrapper(model="compact", device="cpu").execute(
        ArgumentConfig(source=media / "s.png", driving=media / "d.png", output="a.png", scale=2.0, flag_pasteback=False)
    )
    assert_same(result, same)


# Options --------------------------------------------------------------------------------------------------------------


def test_names_of_the_brief_and_official_ones(wrapper, media):
    """The documented call; a second one that says the same in official names."""
    result = wrapper.execute(
        source_image=str(media / "s.png"),
        driving_video=str(media / "d.mp4"),
        output="out/result.mp4",
        flag_eye_retargeting=True,
        flag_lip_retargeting=True,
        eyes_retargeting_ratio=0.8,
        lip_retargeting_ratio=1.2,
        flag_do_crop=True,
        flag_pasteback=True,
        flag_stitching=True,
        flag_relative=True,
    )
    official = wrapper.execute(
        source=media / "s.png",
        driving=media / "d.mp4",
        output="official.mp4",
        flag_eye_retargeting=True,
        flag_lip_retargeting=True,
        eyes_retargeting_ratio=0.8,
        lip_retargeting_ratio=1.2,
        flag_relative_motion=True,
    )
    assert result == "out/result.mp4"
    assert_same(result, official)


@pytest.mark.parametrize("call", ["execute", "set_source"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"speed": 2}, "no option 'speed'"),
        ({"device": "cpu"}, "'device' is fixed when the wrapper is made"),
        ({"share": True}, "'share': it belongs to the web pages"),
        ({"paste_back": True, "flag_pasteback": True}, "'flag_pasteback' repeats"),
    ],
)
def test_unknown_keywords(wrapper, media, call, option, message):
    given = {"source_image": media / "s.png", **option}
    with pytest.raises(TypeError, match=message):
        getattr(wrapper, call)(**given)


def test_a_call_changes_no_config(wrapper, media):
    args = ArgumentConfig(source=media / "s.png", driving=media / "d.png", output="r.png", concat=False)
    before = deepcopy((args, wrapper.inference_cfg, wrapper.crop_cfg))
    once = wrapper.execute(args)
    other = wrapper.execute(args, output="b.png", driving_multiplier=2.0, scale=1.8, flag_pasteback=False)
    assert (args, wrapper.inference_cfg, wrapper.crop_cfg) == before
    assert read_picture(other).shape == (512, 512, 3)
    assert_same(once, wrapper.execute(args, output="c.png"))


# What comes back ------------------------------------------------------------------------------------------------------


def test_the_result(wrapper, media):
    result = wrapper.execute(
        source_image=media / "s.png", driving_video=media / "d.mp4", output="r.mp4", save_motion_template="m.pkl"
    )
    assert isinstance(result, str) and isinstance(result, AnimationResult) and result == "r.mp4"
    assert (result.concat, result.template, result.gif) == ("r_concat.mp4", "m.pkl", None)
    assert (result.n_frames, result.fps) == (3, Fraction(25))
    assert json.loads(json.dumps({"video_url": result, "side_by_side": result.concat})) == {
        "video_url": "r.mp4",
        "side_by_side": "r_concat.mp4",
    }
    with open(result, "rb") as file:  # noqa: PTH123  as callers do
        assert file.read(8)[4:] == b"ftyp"
    assert f"/results/{result}" == "/results/r.mp4" and os.path.getsize(result) > 0  # noqa: PTH202
    assert has_audio(result) and has_audio(result.concat)


def test_a_template_alone(wrapper, media):
    """Without a source there is nothing else to make."""
    result = wrapper.execute(driving_video=media / "d.mp4", save_motion_template="motion.pkl")
    assert (result, result.template, result.concat) == ("motion.pkl", "motion.pkl", None)
    assert (result.n_frames, result.fps) == (3, 25)
    again = wrapper.execute(source_image=media / "s.png", motion_template=result, output="r.mp4", **QUICK)
    assert again.n_frames == 3


def test_the_batch_example(wrapper, media, tmp_path):
    """The output is named after the source picture: the result is a video all the same, and says where it is."""
    sources = []
    for name in ("a.jpg", "b.jpg"):
        write_picture(tmp_path / name, read_picture(media / "s.png"))
        sources.append(str(tmp_path / name))
    results = []
    for source in sources:
        output = f"results/{os.path.basename(source)}"  # noqa: PTH119  as callers do
        results.append(wrapper.execute(source_image=source, driving_video=str(media / "d.mp4"), output=output))
    assert results == ["results/a.mp4", "results/b.mp4"]
    assert sorted(path.name for path in Path("results").iterdir()) == ["a.mp4", "a_concat.mp4", "b.mp4", "b_concat.mp4"]
    assert [open_video(result).n_frames for result in results] == [3, 3]


def test_names_where_output_is_left_out(wrapper, media, frames):
    """Inputs without a name are called after what they are."""
    source, driver = media / "s.png", media / "d.png"
    named = SimpleNamespace(file=io.BytesIO(driver.read_bytes()), filename="C:\\me\\my clip.png")
    for given, name in [
        ({"source_image": source, "driving_video": driver, "output": None}, "s--d"),
        ({"source_image": source.read_bytes(), "driving_video": driver.read_bytes()}, "source--driving"),
        ({"source_image": read_picture(source), "driving_video": frames[1]}, "source--driving"),
        ({"source_image": source.read_bytes(), "driving_video": named}, "source--my clip"),
    ]:
        assert wrapper.execute(**given, concat=False) == f"animations/{name}.jpg"


# Inputs of every kind -------------------------------------------------------------------------------------------------


def spooled(path: Path) -> tempfile.SpooledTemporaryFile:
    file = tempfile.SpooledTemporaryFile(max_size=1000)  # rolled over to the disk  # noqa: SIM115
    file.write(path.read_bytes())
    return file  # at its end: whoever reads it has to wind it back


FILES: dict[str, Callable[[Path], Any]] = {
    "path": str,
    "PathLike": lambda path: path,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
    "spooled file": spooled,
    "upload": lambda path: SimpleNamespace(file=spooled(path), filename="upload"),
}
PICTURES: dict[str, Callable[[Path], Any]] = {
    **FILES,
    "array": read_picture,
    "array with alpha": lambda path: np.dstack([read_picture(path), np.full(read_picture(path).shape[:2], 255, "u1")]),
    "not contiguous": lambda path: np.asfortranarray(read_picture(path)),
    "PIL": Image.open,
}
CLIPS: dict[str, Callable[[Path], Any]] = {
    **FILES,
    "frames": lambda path: np.stack(pictures(path)),
    "list of frames": pictures,
    "list of PIL": lambda path: [Image.fromarray(rgb) for rgb in pictures(path)],
}


@pytest.fixture(scope="module")
def still(wrapper, media, tmp_path_factory) -> str:
    output = tmp_path_factory.mktemp("still") / "r.png"
    return wrapper.execute(source_image=media / "s.png", driving_video=media / "d.png", output=output, **QUICK)


@pytest.fixture(scope="module")
def moving(wrapper, media, tmp_path_factory) -> str:
    output = tmp_path_factory.mktemp("moving") / "r.mp4"
    return wrapper.execute(source_image=media / "s.png", driving_video=media / "d.mp4", output=output, **QUICK)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_source_of_every_kind(wrapper, media, still, kind):
    source = PICTURES[kind](media / "s.png")
    assert_same(wrapper.execute(source_image=source, driving_video=media / "d.png", output="r.png", **QUICK), still)


@pytest.mark.parametrize("kind", ["PathLike", "bytes", "upload", "array", "PIL"])
def test_a_picture_drives(wrapper, media, still, kind):
    driver = PICTURES[kind](media / "d.png")
    result = wrapper.execute(source_image=media / "s.png", driving_video=driver, output="r.png", **QUICK)
    assert (result.n_frames, result.fps) == (1, None)
    assert_same(result, still)


@pytest.mark.parametrize("kind", [kind for kind in CLIPS if kind not in ("bytearray", "BytesIO")])
def test_a_clip_of_every_kind_drives(wrapper, media, moving, kind):
    driver = CLIPS[kind](media / "d.mp4")
    result = wrapper.execute(source_image=media / "s.png", driving_video=driver, output="r.mp4", **QUICK)
    assert (result.n_frames, result.fps) == (3, 25)
    assert_same(result, moving)
    assert has_audio(result) is (kind in FILES)


@pytest.mark.parametrize("kind", ["PathLike", "bytes", "frames"])
def test_a_video_as_source(wrapper, media, kind):
    source = CLIPS[kind](media / "d.mp4")
    result = wrapper.execute(source_image=source, driving_video=media / "d.mp4", output="r.mp4", concat=False)
    assert (result.n_frames, result.fps) == (3, 25) and open_video(result).size == (512, 512)


@pytest.mark.parametrize("kind", ["path", "bytes", "upload"])
def test_a_template_drives(wrapper, media, kind, moving):
    made = wrapper.execute(driving_video=media / "d.mp4", save_motion_template="m.pkl")
    template = FILES[kind](Path(made))
    result = wrapper.execute(source_image=media / "s.png", driving_video=template, output="r.mp4", **QUICK)
    assert (result.n_frames, result.fps, has_audio(result)) == (3, 25, False)
    for ours, theirs in zip(pictures(result), pictures(moving), strict=True):
        assert np.abs(ours.astype(int) - theirs).mean() < 0.5


def test_a_list_of_drivers(wrapper, media, frames):
    """One for each face, of any kinds; a list of pictures alone is the frames of a single one."""
    face = read_picture(EXAMPLES / "source/s9.jpg")
    face = cv2.resize(face, (480, 480 * face.shape[0] // face.shape[1]), interpolation=cv2.INTER_AREA)
    drivers = [(media / "d.mp4").read_bytes(), str(SMILE)]
    result = wrapper.execute(
        source_image=np.hstack([face, face]), driving_video=drivers, faces="all", output="r.mp4", **QUICK
    )
    assert result.n_frames == 3 and open_video(result).size == (2 * 512, 512)
    left, right = (np.split(rgb, 2, axis=1) for rgb in pictures(result)[::2])
    assert np.abs(left[0].astype(int) - right[0]).mean() > 1  # both faces move, each in its own way
    assert np.abs((left[0].astype(int) - right[0]) - (left[1].astype(int) - right[1])).mean() > 1
    with pytest.raises(InputError, match="2 drivers but --faces largest"):
        wrapper.execute(source_image=face, driving_video=drivers, output="r.mp4")


@pytest.mark.parametrize("option", ["source_image", "driving_video"])
@pytest.mark.parametrize(
    "value",
    [5, {}, b"", b"no picture at all", io.StringIO("text"), [], [1], object()],
    ids=lambda value: repr(value)[:12],
)
def test_values_that_cannot_be_used(wrapper, media, option, value):
    given = {"source_image": media / "s.png", "driving_video": media / "d.png", option: value}
    with pytest.raises(InputError):
        wrapper.execute(**given, output="r.png")
    assert not Path("r.png").exists()


# Motion of one frame --------------------------------------------------------------------------------------------------


def turned(rgb: np.ndarray, angle: float) -> np.ndarray:
    """A picture turned clockwise by some degrees, about its middle."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -angle, 1.0)
    return cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def as_tensor(wrapper: LivePortraitWrapper, rgb: np.ndarray) -> torch.Tensor:
    return wrapper.prepare_source(rgb)


@pytest.mark.parametrize("given", ["array", "tensor"])
@pytest.mark.parametrize("angle", [15, -15])
def test_roll_is_the_angle_in_the_picture(wrapper, frames, given, angle):
    upright, tilted = frames[0], turned(frames[0], angle)
    if given == "tensor":
        upright, tilted = as_tensor(wrapper, upright), as_tensor(wrapper, tilted)
    before, after = wrapper.motion_extractor(upright), wrapper.motion_extractor(tilted)
    assert after["roll"] - before["roll"] == pytest.approx(angle, abs=1.5)
    for name in ("pitch", "yaw"):
        assert type(after[name]) is float and abs(after[name] - before[name]) < 4
        assert abs(before[name]) < 30


def test_yaw_is_mirrored(wrapper, frames):
    ours, mirrored = (wrapper.motion_extractor(rgb) for rgb in (frames[0], np.ascontiguousarray(frames[0][:, ::-1])))
    assert mirrored["yaw"] == pytest.approx(-ours["yaw"], abs=3)
    assert mirrored["roll"] == pytest.approx(-ours["roll"], abs=2)


def test_motion_of_a_frame(wrapper, media, frames):
    motion = wrapper.motion_extractor(frames[1])
    shapes = {name: np.shape(value) for name, value in motion.items()}
    points = (21, 3)
    angles = {"pitch": (), "yaw": (), "roll": (), "scale": ()}
    assert shapes == {**angles, "R": (3, 3), "t": (3,), "exp": points, "kp": points}
    assert np.linalg.det(motion["R"]) == pytest.approx(1, abs=1e-4)
    for kind in ("path", "bytes", "upload", "PIL"):
        same = wrapper.motion_extractor(PICTURES[kind](media / "d.png"))
        assert all(np.array_equal(same[name], motion[name]) for name in motion)
    with pytest.raises(NoFaceError, match="no face found"):
        wrapper.motion_extractor(np.full((64, 64, 3), 90, np.uint8))


# Live -----------------------------------------------------------------------------------------------------------------


def test_drive(wrapper, media, frames):
    session = wrapper.set_source(media / "s.png", flag_pasteback=False)
    one_by_one = [wrapper.drive(frame) for frame in frames]
    assert all(rgb.shape == (512, 512, 3) and rgb.dtype == np.uint8 for rgb in one_by_one)
    session.reset()
    for together, alone in zip(wrapper.drive(frames), one_by_one, strict=True):
        np.testing.assert_allclose(together.astype(int), alone, rtol=0, atol=1)  # sums are rounded by batch
    film = wrapper.execute(source_image=media / "s.png", driving_video=frames, output="r.mp4", crf=1, **QUICK)
    for live, filmed in zip(one_by_one, pictures(film), strict=True):
        assert np.abs(live.astype(int) - filmed).mean() < 2  # the box is the first frame's, not the clip's average
    nobody = np.full_like(frames[0], 90)
    np.testing.assert_array_equal(wrapper.drive(nobody), one_by_one[-1])


def test_drive_pastes_into_the_picture(wrapper, media, frames):
    wrapper.set_source((media / "s.png").read_bytes())
    source, result = read_picture(media / "s.png"), wrapper.drive(np.stack(frames))
    assert len(result) == 3 and all(
        rgb.shape == (source.shape[0] // 2 * 2, source.shape[1] // 2 * 2, 3) for rgb in result
    )
    assert np.abs(result[2].astype(int) - result[0]).mean() > 0.5


def test_drive_needs_a_source(media, frames):
    wrapper = LivePortraitWrapper(model="compact", device="cpu")
    with pytest.raises(InputError, match="call set_source first"):
        wrapper.drive(frames[0])
    with pytest.raises(InputError, match="only a picture can be driven live"):
        wrapper.set_source(media / "d.mp4")


# Threads --------------------------------------------------------------------------------------------------------------


def test_calls_from_several_threads(media, frames):
    """Three threads at once, with a wrapper whose networks nobody has used yet, give what one after the other gives."""
    source = media / "s.png"

    def animated(wrapper: LivePortraitWrapper, name: str, **options: Any) -> list[np.ndarray]:
        output = f"{name}.mp4"
        return pictures(
            wrapper.execute(source_image=source, driving_video=frames, output=output, concat=False, **options)
        )

    def driven(wrapper: LivePortraitWrapper, name: str) -> list[np.ndarray]:
        wrapper.set_source(source)
        return [wrapper.drive(frame) for frame in frames]

    tasks: dict[str, Callable[[LivePortraitWrapper, str], list[np.ndarray]]] = {
        "plain": animated,
        "crop": lambda wrapper, name: animated(wrapper, name, flag_pasteback=False, driving_multiplier=1.5),
        "live": driven,
    }
    alone = LivePortraitWrapper(model="compact", device="cpu")
    expected = {name: task(alone, f"{name} alone") for name, task in tasks.items()}
    shared, found = LivePortraitWrapper(model="compact", device="cpu"), {}
    start = Barrier(len(tasks))

    def work(name: str) -> None:
        start.wait()
        found[name] = tasks[name](shared, name)

    threads = [Thread(target=work, args=(name,)) for name in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in tasks:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_calls_of_one_session_take_turns(wrapper, media, frames):
    """Frames of one call are never mixed with those of another."""
    session, order = wrapper.set_source(media / "s.png"), []

    def camera(name: str) -> Iterator[np.ndarray]:
        for frame in frames:
            order.append(name)
            yield frame
            time.sleep(0.02)  # the other thread could come in between

    threads = [Thread(target=lambda name=name: session.drive(camera(name))) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "".join(order) in ("aaabbb", "bbbaaa")
