"""Whole requests with the shipped model."""

import time
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image

from . import media
from .running import ROOT, eventually


def video_facts(data: bytes) -> tuple[int, Fraction | None, tuple[int, int], bool]:
    """Frames, rate, size, and whether there is sound; all frames are decoded."""
    with av.open(BytesIO(data)) as video:
        (stream,) = video.streams.video
        frames = sum(1 for _ in video.decode(stream))
        return frames, stream.average_rate, (stream.width, stream.height), bool(video.streams.audio)


def test_a_video_comes_back(compact, places):
    response = compact.post(source=media.portrait(), crf="30")
    assert response.status_code == 200, response.text
    told = response.json()
    result = compact.client.get(told["video_url"])
    assert result.headers["content-type"] == "video/mp4"
    frames, fps, size, has_sound = video_facts(result.content)
    assert (frames, fps, has_sound) == (30, Fraction(25), True) and max(size) == 384
    assert (told["n_frames"], told["fps"], told["model"]) == (30, 25.0, "compact") and told["seconds"] > 0
    assert video_facts(compact.client.get(told["concat_url"]).content)[0] == 30
    assert told["video_url"] == f"/results/{told['id']}.mp4"
    assert told["image_url"] is None and told["gif_url"] is None and told["template_url"] is None
    assert places.outside(compact) == []
    assert f"results/{told['id']}.mp4" in places.inside(compact)
    assert not [name for name in places.inside(compact) if name.startswith("uploads")]


def test_options_are_heeded(compact):
    fields = {"output_size": "128", "audio": "false", "concat": "false"}
    told = compact.post(source=media.portrait(), **fields).json()
    _, _, size, has_sound = video_facts(compact.client.get(told["video_url"]).content)
    assert max(size) == 128 and not has_sound and told["concat_url"] is None


def test_a_picture_driven_by_a_picture_is_a_picture(compact):
    told = compact.post(source=media.portrait(), driving=ROOT / "assets/examples/source/s0.jpg").json()
    assert told["video_url"] is None and (told["n_frames"], told["fps"]) == (1, None)
    response = compact.client.get(told["image_url"])
    assert response.headers["content-type"] == "image/jpeg"
    assert max(Image.open(BytesIO(response.content)).size) == 384


def test_motion_goes_round_as_a_template(compact):
    """A driver's template moves a portrait as the driver itself does."""
    source, driver = media.portrait(), media.driver(10)
    made = compact.post("/templates", source=None, driving=driver).json()
    assert made["video_url"] is None and made["n_frames"] == 10
    template = compact.client.get(made["template_url"])
    assert template.headers["content-type"] == "application/octet-stream"
    direct, by_template = (
        compact.client.get(compact.post(source=source, driving=driving, concat="false").json()["video_url"]).content
        for driving in (driver, template.content)
    )
    first, second = frames_of(direct), frames_of(by_template)
    assert first.shape == second.shape and np.abs(first - second).mean() < 0.5
    assert np.abs(first - first[:1]).mean() > 1  # and it moves


def frames_of(data: bytes) -> np.ndarray:
    with av.open(BytesIO(data)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]).astype(np.float32)


def test_a_video_as_source(compact):
    fields = {"output_size": "128", "concat": "false"}
    told = compact.post(source=media.driver(6), driving=media.template(6), **fields).json()
    assert video_facts(compact.client.get(told["video_url"]).content)[0] == told["n_frames"] == 6


def test_an_animal(compact, places):
    fields = {"kind": "animal", "source_points": "90,113 159,115 124,165 124,188", "concat": "false"}
    cat = ROOT / "assets/examples/source/cat.jpg"
    told = compact.post(source=cat, driving=media.template(6), **fields).json()
    assert video_facts(compact.client.get(told["video_url"]).content)[0] == 6
    gif = compact.client.get(told["gif_url"])
    assert gif.headers["content-type"] == "image/gif" and Image.open(BytesIO(gif.content)).width == 256
    assert places.outside(compact) == []


def test_a_job_is_followed_and_the_service_answers_meanwhile(compact):
    """While the model works, others are answered at once, and the frames are counted."""
    number = compact.job(driving=media.template(30), source=media.portrait())
    seen, slowest = [], 0.0
    while (status := compact.client.get(f"/jobs/{number}").json())["state"] in ("queued", "running"):
        seen.append(status)
        begin = time.monotonic()
        health = compact.client.get("/health").json()
        slowest = max(slowest, time.monotonic() - begin)
        assert health["status"] == "ok" and health["model"] == "compact"
        time.sleep(0.02)
    assert slowest < 1
    animating = [one for one in seen if one["stage"] == "Animating"]
    counts = [one["frames_done"] for one in animating]
    assert counts == sorted(counts) and len(set(counts)) > 3 and {one["frames_total"] for one in animating} == {30}
    assert status["state"] == "done" and status["result"]["n_frames"] == 30 and status["error"] is None
    assert compact.client.get(status["result"]["video_url"]).status_code == 200


def test_a_running_job_is_cancelled(compact, places):
    before = places.inside(compact)
    number = compact.job(driving=media.template(60))
    eventually(lambda: compact.client.get(f"/jobs/{number}").json()["frames_done"] > 2)
    response = compact.client.delete(f"/jobs/{number}")
    assert response.status_code == 200 and response.json()["state"] == "cancelled"
    eventually(lambda: not compact.client.get("/health").json()["running"])
    assert compact.state(number) == "cancelled"
    eventually(lambda: places.inside(compact) == before)


def test_nothing_but_results_is_left(compact, places):
    assert places.outside(compact) == []
    assert {Path(name).parts[0] for name in places.inside(compact)} <= {"results"}
