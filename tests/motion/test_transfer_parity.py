"""All golden animations of people and animals."""

import pickle
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from src.motion.keypoints import transform_keypoint
from src.motion.motion import Motion
from src.motion.template import load_template
from src.motion.transfer import Transfer
from src.motion.transfer_options import TransferOptions
from tests.motion import goldens
from tests.tolerances import FLOAT32

OURS = {"flag_do_crop"}  # flags of the golden runs that do not concern the keypoints


@cache
def _driver(kind: str) -> Motion:
    """The driver of a case, templates by way of a file in their layout."""
    if not kind.startswith("template"):
        return goldens.motion("drv")
    layout = {"rotation": "R_d", "lists": "c_d_{}_lst", "output_fps": None} if kind == "template_old" else {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "driver.pkl"
        path.write_bytes(pickle.dumps(goldens.official_template(**layout), protocol=4))
        return load_template(path).motion


def _run(case: dict, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x_s and x_d of all frames, made in batches."""
    source, driving = goldens.motion("src"), _driver(case["driving"])
    source_is_video = case["source"] == "video"
    driving_is_video = case["driving"] in ("video", "template", "template_old")
    n = len(driving) if driving_is_video else len(source) if source_is_video else 1
    source = source[:n] if source_is_video else source[0]
    driving = driving[:n] if driving_is_video else driving[0]
    transfer = Transfer(
        TransferOptions(**{name: value for name, value in case["flags"].items() if name not in OURS}),
        source,
        driving,
        source_is_video=source_is_video,
        driving_is_video=driving_is_video,
        networks=goldens.networks(),
        animal=case["tag"] == "animal",
    )
    parts = []
    for start in range(0, n, batch):
        frames = slice(start, min(start + batch, n))
        s = source[frames] if source_is_video else source
        d = driving[frames] if driving_is_video else driving
        parts.append((transform_keypoint(s).expand(frames.stop - start, -1, -1), transfer.x_d(d, s, start)))
    x_s, x_d = zip(*parts, strict=True)
    return torch.cat(x_s), torch.cat(x_d)


@pytest.mark.parametrize("case", goldens.cases("human") + goldens.cases("animal"), ids=lambda case: str(case["case"]))
def test_golden_animation(case: dict) -> None:
    z, k = goldens.animation(), case["case"]
    for batch in (1, 3, 100):
        x_s, x_d = _run(case, batch)
        np.testing.assert_allclose(x_s, z[f"x_s_{k}"], rtol=0, atol=FLOAT32["ratio"].abs)
        np.testing.assert_allclose(x_d, z[f"x_d_{k}"], rtol=0, atol=FLOAT32["x_d"].abs)


def test_number_of_cases() -> None:
    tags = ("human", "animal", "gradio_image_retargeting", "gradio_video_retargeting")
    assert [len(goldens.cases(tag)) for tag in tags] == [137, 4, 46, 4]


def test_float64_agrees_with_float32() -> None:
    def double(motion: Motion) -> Motion:
        return motion._map(lambda value: value.double())

    source, driving = goldens.motion("src")[:4], goldens.motion("drv")
    options = TransferOptions(flag_normalize_lip=True, flag_source_video_eye_retargeting=True)
    results = []
    for s, d in ((source, driving), (double(source), double(driving))):
        transfer = Transfer(options, s, d, source_is_video=True, networks=goldens.networks())
        results.append(transfer.x_d(d, s))
    assert results[1].dtype == torch.float64
    torch.testing.assert_close(results[0].double(), results[1], rtol=0, atol=1e-5)
