"""Small inputs, good and bad, as bytes."""

import io
import pickle
import struct
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from PIL import Image

from src.face.face import Rgb
from src.media.video_reader import open_video
from src.motion.template import MotionTemplate, load_template, save_template

from .running import DRIVER, PORTRAIT, TEMPLATE


def picture(size: tuple[int, int], kind: str = "PNG", colour: int = 120) -> bytes:
    """A grey picture: nobody's portrait."""
    target = io.BytesIO()
    Image.new("RGB", size, (colour,) * 3).save(target, kind)
    return target.getvalue()


def portrait(side: int = 384) -> bytes:
    """The example portrait, small."""
    image = Image.open(PORTRAIT).convert("RGB")
    image.thumbnail((side, side))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=95)
    return target.getvalue()


def clip(
    frames: Sequence[Rgb], *, rate: int = 25, codec: str = "libx264", kind: str = "mp4", stamps: Sequence[int] = ()
) -> bytes:
    """A video.

    Args:
        frames: its pictures.
        rate: of them, a second.
        codec: encoder.
        kind: container.
        stamps: when each frame is shown, in ticks of 1 / rate; empty = one after the other.
    """
    target = io.BytesIO()
    with av.open(target, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt, (stream.height, stream.width) = "yuv420p", frames[0].shape[:2]
        stream.time_base = Fraction(1, rate)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = (stamps[number] if stamps else number), Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def blank(n: int, size: tuple[int, int] = (64, 64)) -> list[Rgb]:
    """Frames that show nobody."""
    return [np.full((size[1], size[0], 3), 90, np.uint8)] * n


def driver(n: int = 6) -> bytes:
    """The first frames of the short driver."""
    return clip([frame.rgb for frame in islice(open_video(DRIVER), n)])


def template(n: int = 6, suffix: str = ".safetensors", **changes: object) -> bytes:
    """The first frames of an example template."""
    whole = load_template(TEMPLATE)
    made = replace(MotionTemplate(whole.motion[:n], whole.fps, whole.model), **changes)
    with tempfile.TemporaryDirectory() as folder:
        return save_template(made, Path(folder) / f"motion{suffix}").read_bytes()


def long_template(n: int) -> bytes:
    whole = load_template(TEMPLATE)
    return template(motion=whole.motion[np.zeros(n, np.int64).tolist()])


def sound(kind: str = "mp4") -> bytes:
    """A file that is only heard."""
    target = io.BytesIO()
    with av.open(target, "w", format=kind) as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises many pixels."""
    rows = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def png_with_a_text_bomb() -> bytes:
    """A PNG whose comment unpacks to 100 MB."""
    text = b"zTXtcomment\0\0" + zlib.compress(bytes(100_000_000), 9)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    whole = picture((16, 16))
    return whole[:33] + chunk + whole[33:]


class Command:
    """Unpickles into a shell command that leaves a file."""

    def __reduce__(self) -> tuple:
        import os

        return os.system, ("touch marker",)


def evil_pickle(protocol: int = 4) -> bytes:
    return pickle.dumps({"n_frames": 1, "output_fps": 25, "motion": [{"R": Command()}]}, protocol=protocol)


def safetensors(header: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header
