"""Odd pictures and clips of two known people."""

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from src.media import ffmpeg
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video

ROOT = Path(__file__).parents[2]
FPS = 25
MOMENTS = (144, 96)  # frames of d0 that look to opposite sides, by 21 degrees
Rgb = np.ndarray
ODD = (333, 517)
ON_ODD = (16, 80, 300 / 256)  # left, top and scale of the portrait in the pictures of odd size


def portrait(size: tuple[int, int] = (256, 300)) -> Rgb:
    """Grace Hopper, (H, W, 3)."""
    return _resized(read_picture(ROOT / "assets/examples/source/grace_hopper.jpg"), size)


@cache
def driver_frames(size: tuple[int, int] = (192, 192), moments: tuple[int, ...] = MOMENTS) -> tuple[Rgb, ...]:
    """Moments of the example driver."""
    frames = {
        frame.index: frame.rgb
        for frame in open_video(ROOT / "assets/examples/driving/d0.mp4")
        if frame.index in moments
    }
    return tuple(_resized(frames[moment], size) for moment in moments)


def nobody(size: tuple[int, int] = (192, 192)) -> Rgb:
    """A wall that gets brighter from left to right."""
    rows = np.linspace(60, 160, size[0])[None, :, None] + [0, 10, 20]
    return np.broadcast_to(rows, (size[1], size[0], 3)).astype(np.uint8)


def on_wall(picture: Rgb, size: tuple[int, int], left: int, top: int) -> Rgb:
    """A picture on a larger wall."""
    wall = nobody(size)
    wall[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return wall


def odd_portrait() -> Rgb:
    """The portrait on a wall of odd size."""
    return on_wall(portrait((300, 352)), ODD, 16, 80)


def write_clip(path: Path, frames: Sequence[Rgb], *, turned: int = 0) -> Path:
    """A clip of any size, odd ones too; turned: quarter turns that its metadata take back, as phones do."""
    stored = [np.rot90(rgb, -turned) for rgb in frames]
    raw = path.with_stem(f"{path.stem}_raw") if turned else path
    with av.open(str(raw), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "8"})
        stream.pix_fmt, (stream.height, stream.width) = "yuv444p", stored[0].shape[:2]
        for rgb in stored:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode(None))
    if turned:
        ffmpeg.run(["-display_rotation", str(90 * turned), "-i", str(raw), "-c", "copy", str(path)])
        raw.unlink()
    return path


def write_gif(path: Path, frames: Sequence[Rgb]) -> Path:
    """An animated GIF at 25 frames a second."""
    first, *rest = [Image.fromarray(rgb) for rgb in frames]
    first.save(path, save_all=True, append_images=rest, duration=40, loop=0)
    return path


def write_folder(path: Path, frames: Sequence[Rgb]) -> Path:
    """A folder of pictures, with something else in it."""
    for number, rgb in enumerate(frames, 1):
        write_picture(path / f"frame_{number}.png", rgb)
    (path / "notes.txt").write_text("not a frame")
    return path


def write_odd_pictures(folder: Path, rgb: Rgb) -> None:
    """One picture in every colour model."""
    height, width = rgb.shape[:2]
    alpha = np.random.default_rng(0).integers(0, 255, (height, width, 1), np.uint8)
    Image.fromarray(np.concatenate([rgb, alpha], axis=2)).save(folder / "alpha.png")
    cv2.imwrite(str(folder / "deep.png"), rgb[..., ::-1].astype(np.uint16) * 257)
    grey = np.asarray(Image.fromarray(rgb).convert("L"))
    cv2.imwrite(str(folder / "deep_grey.png"), grey.astype(np.uint16) * 257)
    Image.fromarray(grey).save(folder / "grey.jpg", quality=95)
    Image.fromarray(rgb).convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    Image.fromarray(rgb).quantize(256).save(folder / "palette.png")
    Image.fromarray(rgb).save(folder / "still.gif")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right to see it
    Image.fromarray(np.ascontiguousarray(np.rot90(rgb))).save(folder / "phone.jpg", quality=95, exif=exif)


def write_good(folder: Path) -> None:
    """Sources, and drivers in the folder "d", that must give right results."""
    still, (left, right) = portrait(), driver_frames()
    moving = [still, np.roll(still, 2, axis=1)]
    write_picture(folder / "portrait.png", still)
    write_odd_pictures(folder, still)
    on_odd_wall = odd_portrait()
    write_picture(folder / "odd.png", on_odd_wall)
    write_clip(folder / "odd.mp4", [on_odd_wall] * 2)
    for turned in (1, 2, 3):
        write_clip(folder / f"phone{turned}.mp4", moving, turned=turned)
    write_clip(folder / "one.mp4", [still])
    write_gif(folder / "moving.gif", moving)
    write_folder(folder / "pictures", moving)

    (folder / "d").mkdir()
    drivers = [left, right]
    write_clip(folder / "d/plain.mp4", drivers)
    write_clip(folder / "d/odd.mp4", [on_wall(frame, ODD, 60, 150) for frame in drivers])
    for turned in (1, 2, 3):
        write_clip(folder / f"d/phone{turned}.mp4", [on_wall(f, (200, 300), 4, 40) for f in drivers], turned=turned)
    write_clip(folder / "d/one.mp4", [left])
    write_gif(folder / "d/moving.gif", drivers)
    write_folder(folder / "d/pictures", drivers)
    write_odd_pictures(folder / "d", right)


def write_wrong(folder: Path) -> None:
    """Files beside those of `write_good` that cannot be used."""
    noise = np.random.default_rng(0).integers(0, 255, (20, 2000, 3), np.uint8)
    write_picture(folder / "tiny.png", noise[:8, :8])
    write_picture(folder / "flat.png", noise)
    write_clip(folder / "tiny.mp4", [noise[:8, :8]] * 2)
    write_clip(folder / "flat.mp4", [noise] * 2)
    write_clip(folder / "faceless.mp4", [nobody()] * 2)
    write_picture(folder / "faceless.jpg", nobody())
    (folder / "empty.mp4").touch()
    (folder / "text.gif").write_text("not a GIF")
    for name in ("moving.gif", "phone1.mp4", "alpha.png", "still.gif"):
        content = (folder / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(content[: len(content) // 8])
    (folder / "no_pictures").mkdir()
    write_folder(folder / "sizes", [portrait(), portrait((64, 64))])
    write_folder(folder / "broken", [portrait()] * 2)
    shutil.copy(folder / "cut_alpha.png", folder / "broken/frame_2.png")


def _resized(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
