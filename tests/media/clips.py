"""Tiny clips for the tests: every frame carries its own number in black and white blocks."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from src.media import ffmpeg

_BITS, _BLOCK = 8, 8


def stamped(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Picture (H, W, 3) that shows a number of 8 bits."""
    rgb = np.full((height, width, 3), 128, np.uint8)
    for bit in range(_BITS):
        rgb[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 * (number >> bit & 1)
    return rgb


def stamp_of(rgb: np.ndarray) -> int:
    """Number that a picture shows."""
    blocks = rgb[:_BLOCK, : _BITS * _BLOCK].reshape(_BLOCK, _BITS, _BLOCK, 3).mean(axis=(0, 2, 3))  # (8,)
    return sum(int(level > 128) << bit for bit, level in enumerate(blocks))


def make_clip(
    path: Path,
    times: Iterable[Fraction],
    rate: Fraction = Fraction(25),
    *,
    draw: Callable[..., np.ndarray] = stamped,
    **size: int,
) -> None:
    """Write a clip whose frame i is shown from times[i] seconds on; `rate` is only what the header suggests."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = draw(0, **size).shape[:2]
        tick = Fraction(1, 90000)
        stream.codec_context.time_base = tick
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(draw(number, **size), format="rgb24")
            frame.pts, frame.time_base = round(time / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def make_tone(path: Path, seconds: float, silence: float = 0.0, codec: str = "aac") -> None:
    """Write a sound file: silence, then a tone of 440 Hz up to the end."""
    tone = f"sine=frequency=440:duration={seconds}:sample_rate=48000,volume=8:enable='gte(t,{silence})'"
    muted = f"{tone},volume=0:enable='lt(t,{silence})'"
    ffmpeg.run(["-f", "lavfi", "-i", muted, "-c:a", codec, "-vn", str(path)])


def join(picture: Path, sound: Path, result: Path, picture_delay: float = 0.0, sound_delay: float = 0.0) -> None:
    """Put pictures and sound into one file, each shifted by some seconds."""
    pictures = ["-itsoffset", str(picture_delay), "-i", str(picture)]
    sounds = ["-itsoffset", str(sound_delay), "-i", str(sound)]
    ffmpeg.run([*pictures, *sounds, "-map", "0:v", "-map", "1:a", "-c", "copy", str(result)])


def spans(path: Path) -> dict[str, tuple[float, float]]:
    """Start and end of the picture and sound tracks of a file, in seconds, by its packets."""
    found = {}
    for kind in ("video", "audio"):
        with av.open(str(path)) as container:
            for stream in getattr(container.streams, kind):
                packets = [packet for packet in container.demux(stream) if packet.size and not packet.is_discard]
                start = min(packet.pts for packet in packets) * stream.time_base
                end = max(packet.pts + (packet.duration or 0) for packet in packets) * stream.time_base
                found[kind] = (float(start), float(end))
    return found


def onset(path: Path) -> float:
    """Second at which the tone of a file begins, as a player hears it."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            channels = 1 if frame.format.is_planar else frame.layout.nb_channels
            levels = np.abs(frame.to_ndarray().astype(float)).max(axis=0)  # (n,) or, packed, (n * channels,)
            loud = levels.reshape(-1, channels).max(axis=1)  # (n,)
            hits = np.flatnonzero(loud > 0.2 * (1 if "flt" in frame.format.name else 32768))
            if hits.size:
                return float(frame.pts * frame.time_base) + hits[0] / frame.sample_rate
    raise AssertionError(f"{path} is silent")
