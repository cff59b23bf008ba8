"""The JSON that the service answers with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_VIDEO = "6a1f0c8e5b7d4e1f9a3c2b1d0e9f8a7b"

JobId = Annotated[str, Field(description="Number of the job, 32 hexadecimal digits.", examples=[_VIDEO])]
State = Literal["queued", "running", "done", "failed", "cancelled"]
Url = Annotated[str | None, Field(description="Path on this service.")]


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: Annotated[str, Field(description="Short name for programs, such as `too_large` or `no_face`.")]
    message: Annotated[str, Field(description="One sentence for people.")]


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"error": {"code": "unsupported_media", "message": "the source is empty: a picture is needed"}}
        }
    )

    error: ErrorDetail


class Results(BaseModel):
    """What a job made. Which URLs there are depends on what was given; the others are null."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _VIDEO,
                "video_url": f"/results/{_VIDEO}.mp4",
                "image_url": None,
                "concat_url": f"/results/{_VIDEO}_concat.mp4",
                "gif_url": None,
                "template_url": None,
                "n_frames": 250,
                "fps": 25.0,
                "seconds": 11.8,
                "model": "compact",
            }
        }
    )

    id: JobId
    video_url: Url = None
    image_url: Annotated[str | None, Field(description="The result of a picture that a picture drives.")] = None
    concat_url: Annotated[str | None, Field(description="Side by side: driver, source, result.")] = None
    gif_url: Annotated[str | None, Field(description="Of animals: the video as a small GIF.")] = None
    template_url: Annotated[str | None, Field(description="Of `POST /templates`: the motion template.")] = None
    n_frames: Annotated[int, Field(description="Frames of the result.")]
    fps: Annotated[float | None, Field(description="Frames a second; null for a picture.")] = None
    seconds: Annotated[float, Field(description="How long the model worked.")]
    model: Annotated[str, Field(description="The model that made it: base, animals or compact.")]


class JobStatus(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _VIDEO,
                "state": "running",
                "position": None,
                "stage": "Animating",
                "frames_done": 120,
                "frames_total": 250,
                "result": None,
                "error": None,
            }
        }
    )

    id: JobId
    state: State
    position: Annotated[int | None, Field(description="Place in the queue, 1 = next; null once it left it.")] = None
    stage: Annotated[str | None, Field(description="What is being done to the frames.")] = None
    frames_done: Annotated[int, Field(description="Frames of this stage that are finished.")] = 0
    frames_total: Annotated[int | None, Field(description="Frames of this stage, where that is known.")] = None
    result: Annotated[Results | None, Field(description="Of a job that is done.")] = None
    error: Annotated[ErrorDetail | None, Field(description="Of a job that failed.")] = None


class Health(BaseModel):
    """That the service is there, and how busy it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "model": "compact",
                "queue_length": 2,
                "running": True,
                "version": "0.1.0",
            }
        }
    )

    status: Literal["ok"] = "ok"
    model: Annotated[str, Field(description="The model that animates people.")]
    queue_length: Annotated[int, Field(description="Jobs that wait.")]
    running: Annotated[bool, Field(description="Whether the model works.")]
    version: Annotated[str, Field(description="Version of the project.")]


class ModelFacts(BaseModel):
    """A model of the catalogue."""

    name: str
    note: str
    licence: Annotated[str, Field(description="Of the weights; that of the strictest file.")]
    size_bytes: Annotated[int | None, Field(description="Of all files; null where a size was never published.")]
    available: Annotated[bool, Field(description="Whether all of its files are on the server.")]
    running: Annotated[bool, Field(description="Whether this service runs it.")]


class Models(BaseModel):
    """The catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "models": [
                    {
                        "name": "compact",
                        "note": "the small model that ships with this project",
                        "licence": "CC BY-NC-SA 4.0",
                        "size_bytes": 5719682,
                        "available": True,
                        "running": True,
                    }
                ]
            }
        }
    )

    models: list[ModelFacts]
