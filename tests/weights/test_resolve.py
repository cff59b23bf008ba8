import logging
import os
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from src.errors import InputError, WeightsError
from src.weights import resolve as resolve_module
from src.weights import taken as taken_module
from src.weights.catalogue import MODELS
from src.weights.ledger import Ledger
from src.weights.paths import shipped_weights_dir
from src.weights.resolve import face_model_present, resolve_face_model, resolve_model
from tests.weights.fake_hub import entry

CONTENTS = {"liveportrait/base_models/f.pth": b"network F" * 100, "liveportrait/s.pth": b"network S"}
CATALOGUE = {"base": entry("base", "base", CONTENTS), "compact": MODELS["compact"]}
DAY = 24 * 3600
INCLUDED = '--include "liveportrait/base_models/*" --include "liveportrait/s.pth"'


@pytest.fixture(autouse=True)
def definitions(monkeypatch):
    monkeypatch.setattr(resolve_module, "load_model_config", lambda name: {"definition": name})


def write(folder: Path, contents: dict[str, bytes]) -> None:
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def resolve(name: str, folder: Path):
    return resolve_model(name, folder, catalogue=CATALOGUE)


def warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("name", ["base", "auto"])
def test_official_files_that_are_there(start_hub, tmp_path, caplog, name):
    hub = start_hub(CONTENTS)
    write(tmp_path, CONTENTS)
    model = resolve(name, tmp_path)
    assert (model.name, model.folder, model.config) == ("base", tmp_path, {"definition": "base"})
    assert [model.files[f"role{i}"] for i in range(2)] == [tmp_path / path for path in CONTENTS]
    assert hub.requests == [] and warnings(caplog) == []


@pytest.mark.parametrize("name", ["base", "auto"])
def test_official_files_are_fetched(start_hub, tmp_path, caplog, name):
    hub = start_hub(CONTENTS)
    write(tmp_path, dict([next(iter(CONTENTS.items()))]))
    model = resolve(name, tmp_path)
    assert model.name == "base" and all(path.is_file() for path in model.files.values())
    assert hub.downloads() == [("liveportrait/s.pth", None)]
    assert warnings(caplog) == []


def test_auto_falls_back_with_one_line_and_remembers(nobody_there, tmp_path, caplog, monkeypatch):
    started = time.monotonic()
    model = resolve("auto", tmp_path)
    assert time.monotonic() - started < 3
    assert model.name == "compact" and model.config == {"definition": "compact"}
    assert all(path.is_file() and shipped_weights_dir() in path.parents for path in model.files.values())
    (line,) = warnings(caplog)
    assert "\n" not in line and "CC BY-NC-SA 4.0" in line and nobody_there in line
    assert f"hf download KwaiVGI/LivePortrait {INCLUDED} --local-dir {tmp_path}" in line


def test_auto_tries_once_a_day(start_hub, tmp_path, caplog, monkeypatch):
    hub = start_hub({})
    assert resolve("auto", tmp_path).name == "compact"
    assert len(hub.requests) == 1
    caplog.clear()
    assert resolve("auto", tmp_path).name == "compact"
    assert len(hub.requests) == 1
    (line,) = warnings(caplog)
    assert "within the last day" in line
    now = time.time()
    hub.contents.update(CONTENTS)
    monkeypatch.setattr("src.weights.ledger.time.time", lambda: now + DAY + 60)
    assert resolve("auto", tmp_path).name == "base"


def test_base_does_not_wait_for_the_day_to_pass(start_hub, tmp_path):
    hub = start_hub({})
    resolve("auto", tmp_path)
    hub.contents.update(CONTENTS)
    assert resolve("base", tmp_path).name == "base"
    assert resolve("auto", tmp_path).name == "base"


def test_offline_makes_no_attempt_and_remembers_nothing(start_hub, tmp_path, caplog, monkeypatch):
    hub = start_hub(CONTENTS)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert resolve("auto", tmp_path).name == "compact"
    assert hub.requests == [] and list(tmp_path.iterdir()) == []
    (line,) = warnings(caplog)
    assert "HF_HUB_OFFLINE" in line
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert resolve("auto", tmp_path).name == "base"


def test_a_folder_that_cannot_be_written_to_makes_no_attempt(start_hub, tmp_path, caplog, monkeypatch):
    hub = start_hub(CONTENTS)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert resolve("auto", tmp_path / "deep" / "down").name == "compact"
    assert hub.requests == [] and "cannot be written to" in warnings(caplog)[0]


def test_a_folder_on_a_drive_that_is_not_there_makes_no_attempt(start_hub, tmp_path, caplog, monkeypatch):
    hub = start_hub(CONTENTS)
    monkeypatch.setattr(resolve_module, "is_there", lambda path: shipped_weights_dir() in path.parents)
    assert resolve("auto", tmp_path).name == "compact"
    assert hub.requests == [] and "cannot be written to" in warnings(caplog)[0]


def test_a_folder_that_may_not_be_entered_makes_no_attempt(start_hub, tmp_path, caplog, monkeypatch):
    hub, stat = start_hub(CONTENTS), os.stat

    def guarded(path, *args, **kwargs):
        if str(path).startswith(str(tmp_path / "closed") + os.sep):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **kwargs)

    (tmp_path / "closed").mkdir(mode=0)
    monkeypatch.setattr(os, "stat", guarded)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # for the superuser too
    assert resolve("auto", tmp_path / "closed" / "weights").name == "compact"
    assert hub.requests == [] and "cannot be written to" in warnings(caplog)[0]


def test_base_without_files_and_hub_names_files_and_command(nobody_there, tmp_path):
    with pytest.raises(WeightsError) as caught:
        resolve("base", tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(path in message for path in CONTENTS)
    assert f"hf download KwaiVGI/LivePortrait {INCLUDED} --local-dir {tmp_path}" in message


def test_a_file_of_the_users_own_is_taken_with_a_warning(start_hub, tmp_path, caplog):
    start_hub({})
    same_size = b"x" * len(CONTENTS["liveportrait/s.pth"])
    write(tmp_path, {**CONTENTS, "liveportrait/s.pth": same_size})
    assert resolve("base", tmp_path).name == "base"
    (line,) = warnings(caplog)
    assert str(tmp_path / "liveportrait/s.pth") in line and "f.pth" not in line


def test_large_files_are_hashed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(taken_module, "_QUICKLY_HASHED", 0)
    write(tmp_path, CONTENTS)
    resolve("base", tmp_path)
    monkeypatch.setattr("src.weights.ledger.sha256_of", lambda path: pytest.fail("hashed again"))
    resolve("base", tmp_path)


def test_a_safetensors_twin_comes_first(tmp_path, caplog):
    write(tmp_path, CONTENTS)
    twin = tmp_path / "liveportrait/base_models/f.safetensors"
    save_file({"a": torch.ones(1)}, twin)
    assert resolve("base", tmp_path).files["role0"] == twin
    (line,) = warnings(caplog)
    assert str(twin) in line
    (tmp_path / "liveportrait/base_models/f.pth").unlink()
    assert resolve("auto", tmp_path).name == "base"


@pytest.fixture
def own(tmp_path) -> Path:
    """A weights folder with W of a training, and nothing else."""
    path = tmp_path / "own/compact/warping_module.safetensors"
    path.parent.mkdir(parents=True)
    save_file({"a": torch.ones(1)}, path)
    return path.parents[1]


@pytest.mark.parametrize("inner", ["", "compact"])
def test_compact_prefers_the_users_folder_at_either_level(own, caplog, inner):
    with caplog.at_level(logging.INFO):
        model = resolve("compact", own / inner)
    assert model.files["warping_module"] == own / "compact/warping_module.safetensors" and model.folder == own
    assert model.files["spade_generator"] == shipped_weights_dir() / "compact/spade_generator.safetensors"
    lines = [record.getMessage() for record in caplog.records]
    assert f"model: compact, with weights of your own: '{own / 'compact/warping_module.safetensors'}'" in lines
    (line,) = [line for line in lines if line.startswith(f"not in '{own}', so what ships is used")]
    assert "CC BY-NC-SA 4.0" in line and "spade_generator" in line and "warping_module" not in line
    assert warnings(caplog) == []  # nothing to be alarmed at


def test_auto_takes_an_inner_folder_too(own, caplog, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert resolve("auto", own / "compact").folder == own
    (line,) = warnings(caplog)
    assert "using the small compact model" in line


@pytest.mark.parametrize("inner", ["liveportrait", "liveportrait/base_models"])
def test_an_inner_folder_of_official_weights(nobody_there, tmp_path, inner):
    write(tmp_path, CONTENTS)
    assert resolve("base", tmp_path / inner).folder == tmp_path


def test_a_folder_without_the_model_is_warned_of(tmp_path, caplog):
    save_file({"a": torch.ones(1)}, tmp_path / "warping_module.safetensors")  # no folder `compact` around it
    assert all(path.is_relative_to(shipped_weights_dir()) for path in resolve("compact", tmp_path).files.values())
    (line,) = warnings(caplog)
    assert f"'{tmp_path}' holds no weights of 'compact'" in line
    assert all(file.path in line for file in MODELS["compact"].files.values())


def test_auto_warns_of_weights_that_it_cannot_tell(tmp_path, caplog, monkeypatch):
    """Its own line says only that the official ones are not there."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    save_file({"a": torch.ones(1)}, tmp_path / "warping_module.safetensors")
    assert resolve("auto", tmp_path).name == "compact"
    first, second = warnings(caplog)
    assert "using the small compact model" in first and f"'{tmp_path}' holds no weights of 'compact'" in second


@pytest.mark.parametrize("named", ["typo", "typo/compact", "file"])
def test_compact_by_name_from_a_folder_that_is_not_there_is_refused(start_hub, own, named):
    """It took what ships without a word."""
    start_hub(CONTENTS)
    (own / "file").touch()
    with pytest.raises(InputError, match=rf"there is no folder '{own / named}'.*holds compact/"):
        resolve("compact", own / named)
    assert resolve("base", own / "new").folder == own / "new"  # into which official ones are fetched


@pytest.mark.parametrize("kept", ["liveportrait/s.pth", "insightface/models/buffalo_l/det_10g.onnx"])
def test_a_folder_for_fetched_weights_is_not_warned_of(tmp_path, caplog, kept):
    write(tmp_path, {kept: b"{}"})
    assert resolve("compact", tmp_path).name == "compact" and warnings(caplog) == []


def test_a_folder_into_which_nothing_could_be_fetched_is_warned_of(nobody_there, tmp_path, caplog):
    assert resolve("auto", tmp_path).name == "compact" and len(warnings(caplog)) == 1
    caplog.clear()
    resolve("compact", tmp_path)
    assert f"'{tmp_path}' holds no weights of 'compact'" in warnings(caplog)[0]


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("inner", ["", "not made yet"])
def test_the_default_folder_is_not_warned_of(tmp_path, caplog, monkeypatch, given, inner):
    folder = tmp_path / inner
    monkeypatch.setattr(resolve_module, "default_weights_dir", lambda: folder)
    assert resolve("compact", folder if given else None).name == "compact" and warnings(caplog) == []


def test_a_changed_file_where_those_that_ship_lie_is_warned_of(own, caplog, monkeypatch):
    for module in ("resolve", "taken"):
        monkeypatch.setattr(f"src.weights.{module}.shipped_weights_dir", lambda: own)
    for file in MODELS["compact"].files.values():
        write(own, {file.path: b"changed"})
    resolve("compact", own)
    (line,) = warnings(caplog)
    assert "not the published files of 'compact'" in line and "warping_module" in line


def test_compact_is_quiet_and_asks_nobody(start_hub, caplog):
    hub = start_hub({})
    with caplog.at_level(logging.INFO):
        assert resolve("compact", None).name == "compact"
    assert hub.requests == [] and warnings(caplog) == []
    assert "CC BY-NC-SA 4.0" in caplog.text and "so what ships is used" not in caplog.text


def test_an_unpublished_hash_is_verified_at_every_load(start_hub, tmp_path, caplog):
    animals = MODELS["animals"]
    contents = {file.path: file.path.encode() for file in animals.files.values()}
    write(tmp_path, contents)
    Ledger(tmp_path).pin("liveportrait_animals/base_models_v1.1/warping_module.pth", "0" * 64)
    resolve_model("animals", tmp_path)
    (line,) = warnings(caplog)
    assert "warping_module.pth" in line and "motion_extractor.pth" not in line


ANIMALS = {file.path: file.path.encode() for file in MODELS["animals"].files.values()}


@pytest.mark.parametrize("name", ["auto", "animals"])
@pytest.mark.parametrize("there", [True, False])
def test_official_files_of_animals(start_hub, tmp_path, caplog, name, there):
    hub, catalogue = start_hub(ANIMALS), {**CATALOGUE, "animals": entry("animals", "base", ANIMALS)}
    if there:
        write(tmp_path, ANIMALS)
    with caplog.at_level(logging.INFO):
        model = resolve_model(name, tmp_path, official="animals", catalogue=catalogue)
    assert (model.name, model.config) == ("animals", {"definition": "base"})
    assert {path.relative_to(tmp_path).as_posix() for path in model.files.values()} == set(ANIMALS)
    assert sorted(path for path, _ in hub.downloads()) == ([] if there else sorted(ANIMALS))
    assert warnings(caplog) == [] and "model: animals" in caplog.text


def test_those_of_people_do_not_do_for_animals_nor_the_other_way_round(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write(tmp_path, ANIMALS)
    assert resolve_model("auto", tmp_path, official="base").name == "compact"
    for path in ANIMALS:
        (tmp_path / path).unlink()
    write(tmp_path, {file.path: b"x" for file in MODELS["base"].files.values()})
    assert resolve_model("auto", tmp_path, official="animals").name == "compact"


def test_animals_fall_back_with_one_line_although_nobody_knows_their_sizes(tmp_path, caplog, monkeypatch):
    assert any(file.size is None for file in MODELS["animals"].files.values())
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write(tmp_path, dict(list(ANIMALS.items())[:2]))
    assert resolve_model("auto", tmp_path, official="animals").name == "compact"
    (line,) = warnings(caplog)
    assert "3 of the official model's 5 files are not in" in line and "HF_HUB_OFFLINE" in line
    assert "for the official one: hf download KwaiVGI/LivePortrait" in line
    assert "liveportrait_animals" in line and " MB" not in line and "None" not in line and "\n" not in line


def test_a_failed_try_for_animals_names_them_in_the_next_line(start_hub, tmp_path, caplog):
    start_hub({})
    for _ in range(2):
        caplog.clear()
        assert resolve_model("auto", tmp_path, official="animals").name == "compact"
    (line,) = warnings(caplog)
    assert "an attempt failed within the last day (--model animals tries again)" in line


def test_an_unknown_name(tmp_path):
    with pytest.raises(InputError, match="'huge'; choose one of: auto, base, compact"):
        resolve("huge", tmp_path)


def test_the_face_networks_that_ship(start_hub, tmp_path):
    hub = start_hub({})
    assert face_model_present("mediapipe", tmp_path)
    assert set(resolve_face_model("mediapipe", tmp_path)) == {"short_range", "full_range", "mesh"}
    assert hub.requests == []


def test_insightface_is_fetched_after_its_licence_was_said(start_hub, tmp_path, caplog):
    contents = {"insightface/models/buffalo_l/det_10g.onnx": b"detector"}
    hub = start_hub(contents)
    catalogue = {"insightface": entry("insightface", "", contents)}
    assert not face_model_present("insightface", tmp_path, catalogue=catalogue)
    assert hub.requests == []
    files = resolve_face_model("insightface", tmp_path, catalogue=catalogue)
    assert files["role0"].read_bytes() == b"detector"
    assert face_model_present("insightface", tmp_path, catalogue=catalogue)
    assert "licences: det_10g.onnx: MIT" in warnings(caplog)[0]


def test_insightface_without_a_hub(nobody_there, tmp_path):
    with pytest.raises(WeightsError, match=r"det_10g\.onnx"):
        resolve_face_model("insightface", tmp_path)
