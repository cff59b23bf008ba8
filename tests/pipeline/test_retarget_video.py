"""A source video whose lips are opened evenly, or kept silent: from file to file, without a driver."""

import io
import json
import threading
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import Cancelled, InputError, NoFaceError
from src.face.ratios import lip_ratio
from src.live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.pipeline import retarget_video as module
from src.pipeline.progress import silent
from src.pipeline.retarget_video import RETARGETING, retarget_video
from tests.media.clips import make_tone, spans

from .conftest import LEVELS
from .fakes import OUT, FakeDetector, FakeEngine, FakeWriter, finders
from .scenes import grey, middles, people, write_video

pytestmark = pytest.mark.usefixtures("here")

NTSC = Fraction(30000, 1001)
UNSMOOTHED = 1e-11
SHORT = Path(__file__).parents[1] / "data" / "media" / "short.mp4"
GREY = np.stack([grey(level, 64, 64) for level in LEVELS])
RESULTS = ["c_retargeting.mp4", "c_retargeting_concat.mp4"]


@pytest.fixture
def retarget(engine, detector):
    def retargeted(source, progress=silent, lip=0.0, silence=False, variance=UNSMOOTHED, **options):
        given = str(source) if isinstance(source, Path) else source
        return retarget_video(
            engine,
            finders(detector),
            ArgumentConfig(source=given, **options),
            progress,
            lip_ratio=lip,
            silent=silence,
            observation_variance=variance,
        )

    return retargeted


@pytest.fixture
def written(monkeypatch) -> dict[str, FakeWriter]:
    """No video is encoded: its writer is found under its name."""
    writers: dict[str, FakeWriter] = {}
    monkeypatch.setattr(
        module,
        "VideoWriter",
        lambda path, fps, **options: writers.setdefault(path.name, FakeWriter(path, fps, **options)),
    )
    return writers


@pytest.fixture
def levels(retarget, written):
    """Grey levels of the pasted faces of a run; the stand-in for R shifts by how far lips must still open."""

    def shown(source, **options):
        retarget(source, output="r.mp4", **options)
        return [middles(rgb, 1)[0] for rgb in written.pop("r.mp4").frames]

    return shown


# Lips -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0, 0.3])
def test_every_frame_is_moved_to_the_same_opening(levels, engine, ratio):
    expected = np.clip([127.5 + 255 * ratio - level for level in LEVELS], 0, 255)
    assert levels(GREY, lip=ratio) == pytest.approx(expected, abs=1.5)
    assert set(engine.heads.calls) == {"lip", "stitch"}


def test_the_change_is_smoothed_over_time(levels):
    rough, smoothed = np.array(levels(GREY, lip=0.3)), np.array(levels(GREY, lip=0.3, variance=1e-2))
    assert smoothed.std() < 0.2 * rough.std() and smoothed.mean() == pytest.approx(rough.mean(), abs=3)


def test_the_face_is_stitched_and_pasted_whatever_the_flag_says(retarget, written, engine):
    retarget(np.stack([people(100)] * 3), output="r.mp4", flag_stitching=False)
    assert engine.heads.calls.count("stitch") == 1 and written["r.mp4"].frames[0].shape == (96, 96, 3)


def test_silent_lips_are_those_of_the_neutral_face_and_eyes_stay(levels, engine):
    """0.1 to the right, of 16 of 21 points: all frames are alike, though their lips are not."""
    engine.neutral_exp[:, 0] = 0.1
    assert levels(GREY, silence=True, lip=0.8) == pytest.approx([127.5 + 255 * 0.1 * 16 / 21] * 10, abs=1.01)
    assert engine.heads.calls == ["stitch"]


@pytest.mark.parametrize("silence", [False, True])
def test_the_size_of_the_crop_holds_in_both_modes(retarget, written, silence):
    """Quirk Q35: officially the silent mode ignores it."""
    for name, scale in (("small", 1.8), ("large", 3.2)):
        retarget(np.stack([people(100, 0)] * 2), silence=silence, output=f"{name}.mp4", scale=scale, concat=False)
    small, large = ((written[f"{name}.mp4"].frames[0] != people(100, 0)).any(2).sum() for name in ("small", "large"))
    assert large > 2 * small > 0


# Frames and faces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("silence", [False, True])
def test_frames_without_a_face_pass_through(retarget, written, silence):
    source = np.stack([people(100 * (k not in (0, 4, 5)), shift=k % 6) for k in range(10)])
    result = retarget(source, silence=silence, output="r.mp4", lip=0.5)
    frames = written["r.mp4"].frames
    assert result.n_frames == len(frames) == 10 and result.report.missed_source == [3]
    untouched = [k for k, rgb in enumerate(frames) if np.array_equal(rgb, source[k])]
    assert untouched == [0, 4, 5]


def test_several_faces(retarget, written):
    source = np.stack([people(100, 60)] * 4)
    result = retarget(source, output="all.mp4", lip=0.3, faces="all", batch_size=3)
    assert middles(written["all.mp4"].frames[3], 2) == pytest.approx([127.5 + 76.5 - 100, 127.5 + 76.5 - 60], abs=6)
    assert written["all_concat.mp4"].frames[0].shape == (2 * OUT, 2 * OUT, 3) and result.report.n_faces == 2
    retarget(source, output="one.mp4", lip=0.3, faces="1")
    np.testing.assert_array_equal(written["one.mp4"].frames[3][:, :96], source[3][:, :96])
    with pytest.raises(InputError, match="asks for face 2"):
        retarget(source, faces="2")


def test_side_by_side_are_source_and_result(retarget, written):
    retarget(GREY, output="r.mp4", lip=0.3)
    tiles = [middles(rgb, 2) for rgb in written["r_concat.mp4"].frames]
    assert [before for before, _ in tiles] == pytest.approx(LEVELS, abs=1)
    assert [after for _, after in tiles] == pytest.approx([204 - level for level in LEVELS], abs=1.5)


def test_the_result_may_be_the_crop(retarget, written, caplog):
    retarget(np.stack([people(100, 0), people(0, 0)]), output="r.mp4", flag_pasteback=False, match_color=True)
    assert [rgb.shape for rgb in written["r.mp4"].frames] == [(OUT, OUT, 3)] * 2
    assert "--match_color has no effect" in caplog.text


def test_batches_follow_the_option(retarget, written, engine):
    retarget(GREY, output="r.mp4", batch_size=3)
    assert [n for what, n in engine.events if what == "render"] == [3, 3, 3, 1]


def test_nothing_to_retarget(retarget):
    with pytest.raises(NoFaceError, match="no face found in the source"):
        retarget(np.stack([people(0)] * 3))
    assert list(Path().iterdir()) == []


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clip(tmp_path) -> Path:
    """A clip with sound at the rate of NTSC, in a folder of its own."""
    (tmp_path / "in").mkdir()
    make_tone(tmp_path / "tone.m4a", 1.0)
    path = tmp_path / "in" / "c.mp4"
    write_video(path, [people(100, 0, shift=k) for k in range(12)], NTSC, tmp_path / "tone.m4a")
    (tmp_path / "tone.m4a").unlink()
    return path


def test_files(retarget, clip):
    """Names, exact rate, number of frames, and the source's sound."""
    result = retarget(clip, lip=0.4)
    assert (result, result.concat) == tuple(f"animations/{name}" for name in RESULTS)
    assert (result.n_frames, result.fps, result.template, result.gif) == (12, NTSC, None, None)
    for path, size in ((result, (192, 96)), (result.concat, (2 * OUT, OUT))):
        video, track = open_video(Path(path)), spans(Path(path))
        assert (video.n_frames, video.fps, video.size) == (12, NTSC, size)
        assert abs(track["audio"][1] - float(12 / NTSC)) < 0.04
    assert sorted(path.name for path in Path("animations").iterdir()) == RESULTS


def test_names_of_results(retarget, clip):
    assert retarget(clip, output_dir="x") == f"x/{RESULTS[0]}" and Path("x", RESULTS[1]).is_file()
    named = retarget(clip, output="y/mine.mkv", concat=False, audio=False)
    assert named == "y/mine.mkv" and named.concat is None and not has_audio(named)
    assert [path.name for path in Path("y").iterdir()] == ["mine.mkv"]
    with pytest.raises(InputError, match="overwrite its own input"):
        retarget(clip, output=str(clip))


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO], ids=["bytes", "open file"])
def test_a_video_that_comes_as_data(retarget, clip, wrap):
    result = retarget(wrap(clip.read_bytes()))
    assert result == "animations/source_retargeting.mp4" and has_audio(result) and result.fps == NTSC


def test_a_folder_of_pictures_is_a_video(retarget, media, tmp_path):
    (tmp_path / "shots").mkdir()
    for number in (1, 2, 10):
        (tmp_path / "shots" / f"{number}.png").write_bytes((media / "d.png").read_bytes())
    result = retarget(tmp_path / "shots")
    assert (result, result.n_frames, result.fps) == ("animations/shots_retargeting.mp4", 3, 25)


def test_report(retarget, clip):
    result = retarget(clip, output="r.mp4", report="sub/r.json")
    kept = json.loads(Path("sub/r.json").read_text())
    assert kept == json.loads(json.dumps(vars(result.report)))
    facts = [kept[name] for name in ("n_frames", "fps", "n_faces", "missed_source", "missed_driving")]
    assert facts == [12, "30000/1001", 1, [0], []]
    assert {"source", "lips", "networks", "paste back", "encode", "side by side"} <= kept["stages"].keys()


# Stopped and refused --------------------------------------------------------------------------------------------------


def test_a_cancelled_run_leaves_nothing(retarget, clip):
    before = set(threading.enumerate())

    def stop(stage, done, total):
        if stage == RETARGETING and done == 6:
            assert total == 12
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        retarget(clip, stop, output="out/r.mp4", batch_size=2, report="out/r.json")
    assert set(threading.enumerate()) <= before and list(Path("out").iterdir()) == []


def test_a_failing_encoder_stops_the_run(retarget, clip, monkeypatch):
    def fail(self, rgb):
        raise RuntimeError("broken")

    before = set(threading.enumerate())
    monkeypatch.setattr(module.VideoWriter, "write", fail)
    with pytest.raises(RuntimeError, match="broken"):
        retarget(clip, output="out/r.mp4")
    assert set(threading.enumerate()) <= before and list(Path("out").iterdir()) == []


@pytest.mark.parametrize("source", ["s.png", "still.safetensors"])
def test_only_videos_are_retargeted(retarget, media, source):
    with pytest.raises(InputError, match=r"is a (picture|motion template): retargeting needs a video"):
        retarget(media / source)
    with pytest.raises(InputError, match="needs a video"):
        retarget(None)


@pytest.mark.parametrize("ratio", [-0.01, 0.81, float("nan"), float("inf"), "0.5", None, True])
def test_openings_that_no_mouth_has(retarget, ratio):
    with pytest.raises(InputError, match=r"lip_ratio must be a number from 0 to 0\.8"):
        retarget(GREY, lip=ratio)


@pytest.mark.parametrize("variance", [0, -1e-6, float("nan"), float("inf"), "small", None, True])
def test_variances_that_do_not_smooth(retarget, variance):
    with pytest.raises(InputError, match="observation_variance must be a finite number above 0"):
        retarget(GREY, variance=variance)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"driving": "d.mp4"}, "--driving means nothing here"),
        ({"motion_template": "m.pkl"}, "--motion_template means nothing here"),
        ({"save_motion_template": "m"}, "--save_motion_template means nothing here"),
        ({"faces": "all", "flag_do_crop": False}, "needs --flag_do_crop"),
        ({"scale": -1.0}, "--scale must be"),
        ({"source_points": "1,2 3,4 5,6 7,8"}, "is for animals"),
        ({"animals": True}, "videos of people only"),
    ],
)
def test_options_that_do_not_fit(retarget, options, words):
    with pytest.raises(InputError, match=words):
        retarget(GREY, **options)
    assert list(Path().iterdir()) == []


# The wrapper ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fake_model(monkeypatch):
    monkeypatch.setattr("src.live_portrait_wrapper.create_engine", lambda *args, **options: FakeEngine())
    monkeypatch.setattr("src.live_portrait_wrapper.create_detector", lambda *args, **options: FakeDetector())


def test_the_wrapper_hands_everything_on(fake_model, written):
    wrapper, told = LivePortraitWrapper(model="compact", device="cpu"), []
    given = {
        "observation_variance": UNSMOOTHED,
        "output": "a.mp4",
        "batch_size": 5,
        "progress": lambda *at: told.append(at),
    }
    result = wrapper.retarget_video(GREY, lip_ratio=0.3, **given)
    assert result == "a.mp4" and (RETARGETING, 10, 10) in told
    expected = [127.5 + 76.5 - level for level in LEVELS]
    assert [middles(rgb, 1)[0] for rgb in written["a.mp4"].frames] == pytest.approx(expected, abs=1.5)
    assert [n for what, n in wrapper.engine.events if what == "render"] == [5, 5]
    wrapper.retarget_video(GREY, silence_lips=True, output="b.mp4")
    assert [middles(rgb, 1)[0] for rgb in written["b.mp4"].frames] == pytest.approx([127.5] * 10, abs=1.01)
    with pytest.raises(TypeError, match="no option 'opening'"):
        wrapper.retarget_video(GREY, opening=0.5)
    with pytest.raises(TypeError, match="source"):
        wrapper.retarget_video(GREY, source="other.mp4")


def test_animals_are_refused(fake_model):
    with pytest.raises(InputError, match="animals are animated from a picture"):
        LivePortraitWrapperAnimal(model="compact", device="cpu").retarget_video(GREY)


def test_lips_of_a_real_face():
    """Measured in the results, by the detector that knows nothing of how they were made."""
    wrapper = LivePortraitWrapper(model="compact", device="cpu")
    talk = write_video(Path("talk.mp4"), [frame.rgb for frame in islice(open_video(SHORT), 12)], NTSC, SHORT)

    def lips(path) -> np.ndarray:
        faces = [wrapper.detector.detect(frame.rgb)[0] for frame in open_video(Path(path))]
        return np.array([float(lip_ratio(face.landmarks, face.scheme)[0, 0]) for face in faces])

    given = {
        "closed": {"lip_ratio": 0.0},
        "open": {"lip_ratio": 0.5},
        "silent": {"silence_lips": True},
    }
    results = {
        name: wrapper.retarget_video(talk, output=f"{name}.mp4", concat=False, **options)
        for name, options in given.items()
    }
    source = open_video(talk)
    for result in results.values():
        video = open_video(Path(result))
        assert (video.n_frames, video.fps, video.size) == (12, NTSC, source.size)
        assert has_audio(result) and (result.n_frames, result.fps) == (12, NTSC)
    before = lips(talk)
    closed, opened, quiet = (lips(results[name]) for name in given)
    assert opened.min() > 0.3 and opened.mean() == pytest.approx(0.5, abs=0.1) and opened.std() < 0.6 * before.std()
    assert (opened - closed).min() > 0.25
    for kept_shut in (closed, quiet):
        assert kept_shut.max() < 0.7 * before.max() and kept_shut.mean() < 0.7 * before.mean()
