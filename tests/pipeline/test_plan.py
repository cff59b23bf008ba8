import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, TemplateError
from src.motion.transfer_options import TransferOptions
from src.pipeline.animal_options import LIPS
from src.pipeline.output_paths import OutputPaths
from src.pipeline.plan import check_run, plan_run

from .scenes import grey

pytestmark = pytest.mark.usefixtures("here")

CLIP = np.stack([grey(50), grey(60)])


def arguments(media, source="s.png", driving="d.mp4", **options):
    def found(given):
        return str(media / given) if isinstance(given, str) else given

    driving = [found(one) for one in driving] if isinstance(driving, list) else found(driving)
    return ArgumentConfig(source=found(source), driving=driving, **options)


@pytest.fixture
def plan(media, inbox):
    return lambda *args, **options: plan_run(arguments(media, *args, **options), inbox)


# Results --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("driving", "suffix"),
    [("d.mp4", ".mp4"), ("d.gif", ".mp4"), ("d.safetensors", ".mp4"), ("d.png", ".jpg"), ("still.safetensors", ".jpg")],
)
def test_the_driver_decides_the_kind_of_result(media, plan, driving, suffix):
    planned = plan(driving=driving)
    stem = f"animations/s--{Path(driving).stem}"
    assert planned.outputs == OutputPaths(Path(f"{stem}{suffix}"), Path(f"{stem}_concat{suffix}"))
    assert planned.source.path == media / "s.png" and planned.drivings[0].motion.path == media / driving
    assert planned.templates == [None] and planned.report is None


@pytest.mark.parametrize("driving", ["d.mp4", "d.png", "still.safetensors"])
@pytest.mark.parametrize("source", ["d.gif", CLIP, CLIP[:1]])
def test_a_source_that_moves_gives_a_video(plan, source, driving):
    assert plan(source, driving).outputs.result.suffix == ".mp4"


def test_one_driver_that_moves_gives_a_video(plan):
    assert plan(driving=["d.png", "still.safetensors"], faces="all").outputs.result.suffix == ".jpg"
    assert plan(driving=["d.png", "d.mp4"], faces="all").outputs.result.suffix == ".mp4"


def test_the_name_tells_all_drivers(plan):
    named = plan(driving=["d.mp4", "still.safetensors", "d.gif", CLIP], faces="all").outputs.result
    assert named == Path("animations/s--d+still+driving.mp4")
    assert plan(CLIP, CLIP).outputs.result == Path("animations/source--driving.mp4")


def test_the_template_names_the_result_and_not_what_is_shown_beside_it(media, plan):
    planned = plan(driving="d.mp4", motion_template=media / "still.safetensors")
    assert planned.outputs.result == Path("animations/s--still.jpg")


def test_a_folder_of_pictures_drives(plan, tmp_path):
    (tmp_path / "frames").mkdir()
    assert plan(driving=tmp_path / "frames").outputs.result == Path("animations/s--frames.mp4")


def test_the_folder_here_has_a_name(media, tmp_path, monkeypatch, inbox):
    (tmp_path / "frames").mkdir()
    monkeypatch.chdir(tmp_path / "frames")
    args = ArgumentConfig(source=str(media / "s.png"), driving=".")
    assert plan_run(args, inbox).outputs.result.name == "s--frames.mp4"


def test_nothing_is_made(plan, tmp_path):
    plan(output="a/b/r.mp4", save_motion_template="c/m", report="d/r.json")
    assert list(tmp_path.iterdir()) == []


def test_transfer_options(plan):
    assert plan().transfer == TransferOptions()
    assert plan(animation_region="lip").transfer == TransferOptions(animation_region="lip")


# Templates and reports ------------------------------------------------------------------------------------------------


def test_template_only(plan):
    planned = plan(None, save_motion_template="sub/m")
    assert planned.source is None and planned.outputs is None and planned.templates == [Path("sub/m.safetensors")]


def test_auto_template(plan, tmp_path):
    assert plan(auto_template=True).templates == [Path("animations/d.safetensors")]
    assert plan(auto_template=True, output="x/r.mp4").templates == [Path("x/d.safetensors")]
    assert plan(auto_template=True, output_dir="y").templates == [Path("y/d.safetensors")]
    assert plan(auto_template=True, save_motion_template="m.pkl").templates == [Path("m.pkl")]
    assert plan(driving="d.safetensors", auto_template=True).templates == [None]  # it is one already


def test_auto_templates_of_several_drivers(media, plan, tmp_path):
    shutil.copy(media / "d.mp4", tmp_path / "e.mp4")
    drivings = ["d.mp4", "d.safetensors", tmp_path / "e.mp4"]
    planned = plan(driving=drivings, faces="all", auto_template=True)
    assert planned.templates == [Path("animations/d.safetensors"), None, Path("animations/e.safetensors")]


def test_auto_templates_of_drivers_of_one_name(plan):
    planned = plan(driving=[CLIP, "d.mp4", CLIP, "d.gif", CLIP], faces="all", auto_template=True)
    names = ["driving", "d", "driving-2", "d-2", "driving-3"]  # a single name would keep the last of them only
    assert planned.templates == [Path(f"animations/{name}.safetensors") for name in names]


def test_one_template_for_several_drivers(plan):
    with pytest.raises(InputError, match="keeps one motion, got 2 drivers: use --auto_template"):
        plan(driving=["d.mp4", "d.gif"], faces="all", save_motion_template="m")


def test_a_template_never_replaces_the_one_it_is_made_from(media, plan):
    with pytest.raises(InputError, match="would overwrite the input"):
        plan(driving="d.safetensors", save_motion_template=str(media / "d.safetensors"))


def test_a_template_never_replaces_another_driver(media, plan, tmp_path):
    shutil.copy(media / "d.safetensors", tmp_path / "d.safetensors")
    with pytest.raises(InputError, match="would overwrite the input"):
        plan(driving=["d.mp4", tmp_path / "d.safetensors"], faces="all", auto_template=True, output_dir=".")


def test_a_file_that_is_no_template_is_not_replaced(plan, tmp_path):
    (tmp_path / "d.safetensors").write_text("mine")
    with pytest.raises(InputError, match="no template that this program wrote"):
        plan(auto_template=True, output_dir=".")


def test_report(plan, tmp_path):
    assert plan(report="x/r.json").report == Path("x/r.json")
    own = shutil.copy(plan().source.path, tmp_path / "own.json")  # a picture, whatever its name says
    with pytest.raises(InputError, match="the report would overwrite the input"):
        plan(own, report="own.json")
    for wrong, message in (("r.txt", r"\.json file"), ("", "--report")):
        with pytest.raises(InputError, match=message):
            plan(report=wrong)


# Several faces, source videos ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "faces", "message"),
    [
        (2, "largest", "2 drivers but --faces largest animates 1: use --faces all"),
        (2, "1", "2 drivers but --faces 1 animates 1"),
        (3, "0,2", "3 drivers but --faces 0,2 animates 2"),
        (1, "two", "--faces must be largest, all, or numbers"),
        (1, "1,1", "names a face twice"),
    ],
)
def test_more_drivers_than_faces(plan, n, faces, message):
    with pytest.raises(InputError, match=message):
        plan(driving=["d.mp4"] * n, faces=faces)


@pytest.mark.parametrize(("n", "faces"), [(1, "largest"), (1, "all"), (5, "all"), (1, "0,1"), (2, "0,1")])
def test_as_many_drivers_as_there_may_be_faces(plan, n, faces):
    assert len(plan(driving=["d.mp4"] * n, faces=faces).drivings) == n


def test_faces_need_the_crop(plan):
    with pytest.raises(InputError, match="--faces all needs --flag_do_crop"):
        plan(faces="all", flag_do_crop=False)


def test_v2v(plan):
    assert plan("d.gif", v2v=True).source.name == "d"
    with pytest.raises(InputError, match=r"--v2v needs a video as source, '.*s\.png' is a picture"):
        plan(v2v=True)


# What is said, what is refused ----------------------------------------------------------------------------------------


def test_remarks_of_options_and_names(plan):
    assert plan().remarks == []
    pasted, replaced = plan(flag_stitching=False, output="r.jpg").remarks
    assert pasted.startswith("nothing is pasted back") and "'r.mp4' is written instead of 'r.jpg'" in replaced


def test_looking_ahead_says_nothing(media, caplog):
    """What there is to remark on is said once, when the run begins."""
    check_run(arguments(media, flag_stitching=False, output="r.jpg"))
    assert not caplog.records


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"driving": "none.mp4"}, MissingFileError, r"none\.mp4"),
        ({"crf": 99}, InputError, "--crf"),
        ({"output_size": 33}, InputError, "--output_size must lie between 64 and 4096, got 33"),
        ({"output_size": 101}, InputError, "--output_size must be even"),
        ({"feather": 0}, InputError, "--feather must lie between 1 and 128"),
        ({"on_missing": "skip"}, InputError, "--on_missing must be one of hold, interpolate, error"),
        ({"align": "frame"}, InputError, "--align must be one of time, index"),
        ({"driving_multiplier": float("nan")}, InputError, "driving_multiplier"),
        ({"output": "file/r.mp4"}, InputError, "file' is no folder"),
        ({"output": "folder.mp4/r.mp4", "output_dir": "file"}, InputError, "'file/r_concat.mp4'|file' is no folder"),
        ({"save_motion_template": "file/m"}, InputError, "file' is no folder"),
        ({"report": "file/r.json"}, InputError, "file' is no folder"),
        ({"save_motion_template": "m.txt"}, InputError, r"m\.txt"),
        ({"driving": "cut.safetensors"}, TemplateError, r"cut\.safetensors"),
    ],
)
def test_what_can_be_known_beforehand(media, plan, tmp_path, options, error, message):
    Path("file").touch()
    if options.get("driving") == "cut.safetensors":
        (tmp_path / "cut.safetensors").write_bytes((media / "d.safetensors").read_bytes()[:100])
        options = {"driving": tmp_path / "cut.safetensors"}
    with pytest.raises(error, match=message):
        plan(**options)
    with pytest.raises(error, match=message):
        check_run(arguments(media, **options))


@pytest.mark.parametrize("role", ["source", "driving", "motion_template"])
def test_no_input_is_overwritten(media, plan, tmp_path, role):
    name = {"source": "s.png", "driving": "d.mp4", "motion_template": "d.mp4"}[role]
    own = shutil.copy(media / name, tmp_path / name)
    given = {"source": {"source": own, "driving": "d.png"}, "driving": {"driving": own}}.get(
        role, {"driving": own, "motion_template": media / "d.safetensors"}
    )
    with pytest.raises(InputError, match="would overwrite its own input"):
        plan(**given, output=name)


# Animals --------------------------------------------------------------------------------------------------------------

POINTS = "90,60 120,60 105,80 105,90"


def test_an_animals_video_comes_with_a_gif(plan):
    assert plan(animals=True).outputs.gif == Path("animations/s--d.gif")
    assert plan(animals=True, output="r.gif").outputs.gif is None
    assert plan(animals=True, driving="still.safetensors").outputs.gif is None  # the result is a picture
    assert plan().outputs.gif is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "d.mp4"}, r"the source '.*d\.mp4' is a video: animals are animated from a picture"),
        ({"source": CLIP}, "is a video: animals are animated from a picture"),
        ({"source": "d.gif"}, "animals are animated from a picture"),
        ({"driving": "d.png"}, r"the driving '.*d\.png' is a picture: an animal needs a video or a motion template"),
        ({"driving": ["d.mp4", "d.png"], "faces": "all"}, r"the driving '.*d\.png' is a picture"),
        ({"source": None, "driving": "d.png", "save_motion_template": "m"}, "is a picture"),
        ({"source_points": "1,2"}, "--source_points 1,2 is not four points"),
        ({"source_points": ("1,2", "3,4", "5,6", "7,8")}, "are not eyes with a nose and a mouth below them"),
        ({"source_points": "120,60 90,60 105,80 105,90"}, "are not eyes with a nose and a mouth below them"),
        ({"source_points": np.full((4, 2), np.nan)}, "is not four points"),
        ({"driving_kind": "cat"}, "--driving_kind must be one of auto, human, animal, got 'cat'"),
        ({"animal_detector": "haar"}, "--animal_detector must be one of"),
    ],
)
def test_what_animals_cannot_be_is_known_beforehand(media, plan, tmp_path, options, message):
    with pytest.raises(InputError, match=message) as caught:
        plan(animals=True, **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=message):
        check_run(arguments(media, animals=True, **options))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [{"source_points": POINTS}, {"driving_kind": "animal"}])
def test_what_people_cannot_be_is_known_beforehand(media, option):
    with pytest.raises(InputError, match="is for animals: use inference_animals"):
        check_run(arguments(media, **option))
    check_run(arguments(media, animals=True, **option))


def test_no_gif_replaces_an_input(media, plan, tmp_path):
    own = shutil.copy(media / "d.gif", tmp_path / "d.gif")
    with pytest.raises(InputError, match=r"would overwrite its own input 'd\.gif'"):
        plan(driving=own, animals=True, output="d.mp4")
    assert plan(driving=own, output="d.mp4").outputs.gif is None


@pytest.mark.parametrize(("keypoints", "n"), [("compact", 1), ("base", 2)])
def test_remarks_on_animals_depend_on_the_model(media, inbox, keypoints, n):
    args = arguments(
        media, driving="d.mp4", animals=True, flag_stitching=False, paste_unstitched=True,
        animation_region="lip", flag_normalize_lip=True,
    )  # fmt: skip
    assert len(plan_run(args, inbox, keypoints).remarks) == n


def test_animals_are_not_told_that_they_are_not_stitched(plan):
    assert plan(animals=True, flag_stitching=False).remarks == []


def test_options_of_people_do_not_reach_the_transfer(plan):
    people = {"flag_relative_motion": False, "flag_normalize_lip": True, "flag_lip_retargeting": True}
    animal = TransferOptions(lip_retargeting_ratio=LIPS)
    assert plan(animals=True, **people).transfer == animal
    assert plan(animals=True, driving_multiplier=1.2).transfer == replace(animal, driving_multiplier=1.2)
