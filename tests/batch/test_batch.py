"""Jobs as a whole, with a model that needs no networks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from src.errors import InputError, MissingFileError
from src.media.picture import write_picture
from src.motion.template import MotionTemplate, save_template
from tests.pipeline.fakes import motion_of
from tests.pipeline.scenes import make_video

from .conftest import LEVELS, encoded, read_drivers
from .job import NAMES, counts, pixels, records, row, write_manifest


def test_two_folders(run, here):
    assert counts(run()) == (4, 4, 0)
    assert sorted(path.name for path in (here / "out").glob("*.mp4")) == NAMES
    assert not list((here / "out").glob(".*.part*"))
    by_output = {Path(record["output"]).name: record for record in records()}
    assert sorted(by_output) == NAMES
    one = by_output["y--a.mp4"]
    assert one["source"] == str(here / "in/y.png") and one["driving"] == [str(here / "by/a.mp4")]
    assert (one["status"], one["error"], one["frames"], one["row"]) == ("done", None, 3, 3)
    assert one["warnings"] == [] and one["model"].startswith("compact-") and one["seconds"] > 0


def test_everything_is_read_once(run):
    run()
    assert read_drivers() == ["a.mp4", "b.mp4"] and encoded() == 2


def test_results_are_those_of_single_runs(run, model, media):
    run(smooth=True)
    alone = model(None, crop_cfg=None, model=None, weights_dir=None)
    args = next(args for args in model.runs if args.source is not None and args.output.endswith("y--b.mp4"))
    assert args.motion_template is not None
    args = type(args)(**vars(args) | {"motion_template": None, "output": "alone.mp4"})
    alone.execute(args)
    for one, other in zip(pixels("alone.mp4"), pixels("out/y--b.mp4"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_second_run_does_nothing(run, model):
    run()
    before = Path("out/results.jsonl").read_bytes()
    model.runs.clear()
    assert counts(run()) == (0, 0, 0) and not model.runs
    assert Path("out/results.jsonl").read_bytes() == before


def test_a_second_run_does_what_is_missing_or_changed(run, here):
    run()
    (here / "out/x--a.mp4").unlink()
    make_video(here / "by/b.mp4", [60, 180, 60])
    assert counts(run()) == (3, 3, 0)
    assert [Path(record["output"]).name for record in records()[4:]] == ["x--a.mp4", "x--b.mp4", "y--b.mp4"]
    assert read_drivers() == ["a.mp4", "b.mp4", "b.mp4"]  # the motion of a.mp4 was kept
    write_picture(here / "in/z.png", np.full((96, 96, 3), 99, np.uint8))
    assert counts(run()) == (2, 2, 0)
    assert counts(run(crf=30)) == (6, 6, 0)


def test_options_of_rows(run, model):
    manifest = write_manifest([row(scale=2.0, audio="no"), row(output="2.mp4", concat=True)])
    assert counts(run(manifest=manifest, crf=25)) == (2, 2, 0)
    one, two = sorted((args for args in model.runs if args.source), key=lambda args: args.output)
    assert (one.scale, one.audio, one.concat, one.crf) == (2.0, False, False, 25)
    assert (two.scale, two.audio, two.concat, two.crf) == (2.3, True, True, 25)
    assert Path("2_concat.mp4").is_file() and not Path("1_concat.mp4").exists()
    assert Path("results.jsonl").is_file() and len(read_drivers()) == 1


def test_bad_rows_stop_no_others(run, media, black):
    (media / "cut.mp4").write_bytes((media / "by/a.mp4").read_bytes()[:300])
    (media / "cut.safetensors").write_bytes(b"\x80\0\0\0\0\0\0\0{" + b"x" * 50)
    (media / "text.png").write_text("hello")
    rows = [
        (row("in/none.png"), "in/none.png' does not exist"),
        (row(driving="by/none.mp4"), "by/none.mp4' does not exist"),
        (row("black.png"), "no face found in the source"),
        (row("text.png"), "text.png' is a text file"),
        (row(driving="cut.mp4"), "cut.mp4'"),
        (row(driving="cut.safetensors"), "cut.safetensors"),
        (row(scale="large"), "--scale must be float, got 'large'"),
        (row(animation_region="nose"), "animation_region must be one of"),
        (row(crf=99), "--crf must lie between 0 and 51, got 99"),
        (row(output="o.txt"), "ends in .txt"),
        (row(output="o.jpg"), "the result is a video: name the output 'o.mp4', not 'o.jpg'"),
        (row("in/x.png", "in/y.png", "p.mp4"), "the result is a picture: name the output 'p.jpg', not 'p.mp4'"),
    ]
    manifest = [{**bad, "output": bad["output"].replace("1", str(number))} for number, (bad, _) in enumerate(rows, 1)]
    manifest = write_manifest([row(output="good.mp4"), *manifest, row("in/y.png", output="well.mp4")])
    tally = run(manifest=manifest)
    assert counts(tally) == (len(rows) + 2, 2, len(rows))
    found = {record["row"]: record for record in records("results.jsonl")}
    assert found[1]["status"] == found[len(rows) + 2]["status"] == "done"
    for number, (_, said) in enumerate(rows, start=2):
        assert found[number]["status"] == "failed" and said in found[number]["error"], found[number]
        assert "\n" not in found[number]["error"]
    made = {path.name for path in media.iterdir() if path.suffix in (".mp4", ".jpg")}
    assert made == {"good.mp4", "well.mp4", "cut.mp4"}


def test_failed_rows_are_left_alone_until_that_is_asked(run, here, caplog):
    manifest = write_manifest([row(), row("in/late.png", output="2.mp4")])
    assert counts(run(manifest=manifest)) == (2, 1, 1)
    again = run(manifest=manifest)
    assert counts(again) == (0, 0, 0) and again.failed_before == 1
    assert "--retry_failed" in caplog.text
    assert counts(run(manifest=manifest, retry_failed=True)) == (1, 0, 1)
    write_picture(here / "in/late.png", np.full((96, 96, 3), 99, np.uint8))
    assert counts(run(manifest=manifest)) == (1, 1, 0)  # an input has changed


def test_a_driver_without_a_face_is_read_once(run, media):
    make_video(media / "by/dark.mp4", [0, 0, 0])
    tally = run(flag_crop_driving_video=True)
    assert counts(tally) == (6, 4, 2) and read_drivers().count("dark.mp4") == 1
    failed = [record for record in records() if record["status"] == "failed"]
    assert all("no face found in the driving" in record["error"] for record in failed) and len(failed) == 2


def test_paths_that_cannot_be_are_wrong_with_their_rows_alone(run, media):
    (media / "loop").symlink_to("loop")
    long = "x" * 300
    rows = [row("loop", output="1.mp4"), row(driving=f"by/{long}.mp4", output="2.mp4"), row(output=f"{long}.mp4")]
    assert counts(run(manifest=write_manifest([*rows, row(output="4.mp4")]))) == (4, 1, 3)
    assert all("cannot be used" in record["error"] for record in records("results.jsonl") if record["error"])
    with pytest.raises(InputError, match="cannot be used"):
        run(manifest="m.jsonl", results="loop/t.jsonl")


def test_paths_count_from_the_manifest_before_they_are_judged(run, media):
    (media / "job").mkdir()
    for name in ("in", "by"):
        (media / name).rename(media / "job" / name)
    (media / "in").symlink_to("in")
    assert counts(run(manifest=write_manifest([row()], "job/m.jsonl"))) == (1, 1, 0)


def test_stills_of_two_folders_make_pictures(run, media):
    one = torch.tensor([60.0]) / 255
    save_template(MotionTemplate(motion_of(one), fps=25, model="fake"), media / "by/one.safetensors")
    Image.fromarray(np.full((96, 96, 3), 99, np.uint8)).save(media / "by/still.gif")
    assert counts(run()) == (8, 8, 0) and counts(run()) == (0, 0, 0)
    assert {path.name for path in (media / "out").glob("*.jpg")} == {
        *("x--one.jpg", "x--still.jpg", "y--one.jpg", "y--still.jpg")
    }


def test_weights_lie_where_the_job_began(run, model, media, monkeypatch):
    (media / "w").mkdir()
    seen = []
    begin = model.__init__
    monkeypatch.setattr(model, "__init__", lambda self, *a, **k: seen.append(k["weights_dir"]) or begin(self, *a, **k))
    run(weights_dir="w")
    assert seen == [media / "w"]


def test_motion_is_kept_beside_the_table(run, media):
    """The manifest may lie where nothing can be written."""
    (media / "job").mkdir()
    rows = [row(str(media / "in/x.png"), str(media / "by/a.mp4"), str(media / "1.mp4"))]
    assert counts(run(manifest=write_manifest(rows, "job/m.jsonl"), results="t/t.jsonl")) == (1, 1, 0)
    assert len(list((media / "t/.batch/templates").iterdir())) == 1
    assert [path.name for path in (media / "job").iterdir()] == ["m.jsonl"]


def test_progress(run):
    seen = []
    run(progress=lambda tally: seen.append((tally.due, tally.done, tally.frames)))
    assert seen == [(4, 0, 0), (4, 1, 3), (4, 2, 6), (4, 3, 9), (4, 4, 12)]


def test_warnings_of_rows(run, media):
    make_video(media / "by/b.mp4", [120, 0, 80])
    run(flag_crop_driving_video=True)
    found = {Path(record["output"]).name: record["warnings"] for record in records()}
    assert found["x--a.mp4"] == found["y--a.mp4"] == []
    assert len(found["x--b.mp4"]) == 1 and "1 of 3 frames" in found["x--b.mp4"][0]


def test_other_kinds_of_inputs(run, media):
    """Templates, pictures and several drivers need no template; that of a video source would not be exact."""
    save_template(MotionTemplate(motion_of(np_levels()), fps=25, model="fake"), media / "t.safetensors")
    make_video(media / "v.mp4", [100, 110])
    make_video(media / "one.mp4", [100])
    (media / "frames").mkdir()
    for number, level in enumerate((60, 80)):
        write_picture(media / f"frames/{number}.png", np.full((96, 96, 3), level, np.uint8))
    rows = [
        row(driving="t.safetensors", output="1.mp4"),
        row(driving="in/y.png", output="2.jpg"),
        row("v.mp4", output="3.mp4"),
        row(driving="one.mp4", output="4.mp4"),
        row(driving=["by/a.mp4"], output="5.mp4"),
        row(driving="frames", output="6.mp4"),
    ]
    manifest = write_manifest(rows)
    assert counts(run(manifest=manifest)) == (6, 6, 0) and counts(run(manifest=manifest)) == (0, 0, 0)
    assert sorted(read_drivers()) == ["a.mp4", "frames", "one.mp4"]
    assert [len(pixels(f"{number}.mp4")) for number in (1, 3, 4, 5, 6)] == [3, 2, 1, 3, 2]


def np_levels():
    return torch.tensor(LEVELS["a"]) / 255


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"manifest": "m.csv", "sources": "in", "drivings": "by"}, "give one of the two"),
        ({"sources": "in", "output_dir": "out"}, "give one of the two"),
        ({"sources": "in", "drivings": "by"}, "need an --output_dir"),
        ({"results": "t.csv"}, "--results must end in .jsonl or .parquet"),
        ({"retries": -1}, "--retries must be 0 or more"),
        ({"runner": "ray", "actors": 0}, "--actors must be 1 or more"),
        ({"actors": 2}, "--actors is for --runner ray"),
        ({"cpus_per_actor": 4.0}, "--cpus_per_actor is for --runner ray"),
        ({"manifest": ""}, "--manifest is empty"),
        ({"manifest": "m.csv", "sources": ""}, "--sources is empty"),
        ({"cache_gib": -1.0}, "--cache_gib must be 0 or more"),
        ({"crf": 99}, "--crf must lie between"),
        ({"driving_multiplier": float("nan")}, "driving_multiplier must be a finite number"),
        ({"results": "in/x.jsonl/t.jsonl"}, "cannot be"),
        ({"model": "animals"}, "--model animals is for animals: use inference_animals.py"),
    ],
)
def test_jobs_that_cannot_be_done(run, options, said, media, model):
    (media / "in/x.jsonl").touch()
    with pytest.raises(InputError, match=said):
        run(**options)
    assert not model.runs and not list(media.glob("**/*--*"))


def test_a_job_without_inputs(run):
    with pytest.raises(MissingFileError, match="there is no folder"):
        run(sources="nowhere", drivings="by", output_dir="out")
    with pytest.raises(MissingFileError, match="there is no manifest"):
        run(manifest="nowhere.csv")


def test_clashes_are_refused_before_any_work(run, model):
    with pytest.raises(InputError, match="rows 1 and 2 have the same output"):
        run(manifest=write_manifest([row(), row("in/y.png")]))
    with pytest.raises(InputError, match=r"would overwrite '.*m.jsonl'"):
        run(manifest=write_manifest([row(output="m.jsonl")]))
    assert not model.runs and not Path("results.jsonl").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="root, too, may make no folder in /proc")
def test_a_folder_that_cannot_be_written(run, model):
    with pytest.raises(InputError, match=r"cannot be written|cannot be made"):
        run(output_dir="/proc/none")
    assert not model.runs
