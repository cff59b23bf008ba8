from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from src.errors import InputError, MissingFileError
from src.media.picture import PICTURE_SUFFIXES, read_picture, resize_to_limit, write_picture
from tests.tolerances import UINT8

from .test_frames import FRAMES

AWKWARD_NAMES = [
    "with space.png",
    "-leading.png",
    'quote\'s "both".png',
    "Grüße 猫 🙂.png",
    "a:b%d;$(x).png",
    "#hash?.png",
    "line\nbreak.png",
]


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    noise = np.random.default_rng(7).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def encoded(suffix: str, picture: np.ndarray) -> bytes:
    return cv2.imencode(suffix, picture)[1].tobytes()


def test_reads_the_same_pixels_as_opencv(rgb):
    data = encoded(".jpg", rgb)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.array_equal(read_picture(data), expected)


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_round_trip_under_awkward_names(tmp_path, monkeypatch, rgb, name):
    monkeypatch.chdir(tmp_path)
    write_picture(name, rgb)
    assert np.array_equal(read_picture(name), rgb)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_every_suffix_can_be_written(tmp_path, rgb, suffix):
    path = tmp_path / "new folder" / f"picture{suffix}"
    write_picture(path, rgb)
    assert np.abs(read_picture(path).astype(int) - rgb).mean() < 3


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda x: x),
        (2, lambda x: x[:, ::-1]),
        (3, lambda x: x[::-1, ::-1]),
        (4, lambda x: x[::-1]),
        (5, lambda x: x.swapaxes(0, 1)),
        (6, lambda x: np.rot90(x, -1)),
        (7, lambda x: np.rot90(x, 2).swapaxes(0, 1)),
        (8, lambda x: np.rot90(x, 1)),
    ],
)
def test_exif_orientation_is_applied(rgb, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    Image.fromarray(rgb).save(file, "PNG", exif=exif)
    assert np.array_equal(read_picture(file.getvalue()), turn(rgb))


def test_sixteen_bits_keep_their_high_byte(rgb):
    deep = rgb.astype(np.uint16) * 256 + 200
    for suffix in (".png", ".tif"):
        assert np.array_equal(read_picture(encoded(suffix, deep[..., ::-1])), rgb)
        assert np.array_equal(read_picture(encoded(suffix, deep[..., 0])), np.repeat(rgb[..., :1], 3, axis=2))


def test_alpha_is_dropped_without_compositing(rgb):
    rgba = np.dstack([rgb[..., ::-1], np.zeros(rgb.shape[:2], np.uint8)])
    assert np.array_equal(read_picture(encoded(".png", rgba)), rgb)


def test_grey_and_palette_become_three_channels(rgb):
    grey = read_picture(encoded(".jpg", rgb[..., 0]))
    assert grey.shape == rgb.shape
    assert np.array_equal(grey[..., 0], grey[..., 2])
    file = BytesIO()
    Image.fromarray(rgb).quantize(16).save(file, "PNG")
    assert read_picture(file.getvalue()).shape == rgb.shape


def test_transparent_palette_and_grey_with_alpha(rgb):
    """Alpha is dropped here too: the colours below it are what the file holds."""
    palette = Image.fromarray(rgb).quantize(16)
    plain, transparent = BytesIO(), BytesIO()
    palette.save(plain, "PNG")
    palette.save(transparent, "PNG", transparency=0)
    assert np.array_equal(read_picture(transparent.getvalue()), read_picture(plain.getvalue()))
    grey = Image.merge("LA", [Image.fromarray(rgb[..., 0]), Image.fromarray(np.zeros_like(rgb[..., 0]))])
    file = BytesIO()
    grey.save(file, "PNG")
    assert np.array_equal(read_picture(file.getvalue()), np.repeat(rgb[..., :1], 3, axis=2))


def test_cmyk_jpeg(rgb):
    file = BytesIO()
    Image.fromarray(rgb).convert("CMYK").save(file, "JPEG", quality=100)
    assert np.abs(read_picture(file.getvalue()).astype(int) - rgb).mean() < 3


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_of_an_animation(kind, caplog):
    frames = [Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (10, 200)]
    file = BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], **options)
    assert (read_picture(file.getvalue()) == 10).all()
    assert "is animated: its first frame is used" in caplog.text


def test_pages_and_stills_are_not_called_animated(caplog):
    frames = [Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (10, 200)]
    for kind in ("TIFF", "MPO"):  # phones add a preview to a JPEG, which makes it an MPO
        file = BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:])
        assert (read_picture(file.getvalue()) == 10).all()
    file = BytesIO()
    frames[0].save(file, "WEBP", lossless=True)
    read_picture(file.getvalue())
    assert caplog.text == ""


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_a_truncated_picture_is_refused(rgb, suffix):
    data = encoded(suffix, rgb)
    with pytest.raises(InputError, match="damaged"):
        read_picture(data[: len(data) * 6 // 10])


def test_a_decompression_bomb_is_refused():
    bomb = encoded(".png", np.zeros((8, 8, 3), np.uint8))
    size = (100_000).to_bytes(4, "big")
    header = b"IHDR" + size + size + bomb[24:29]
    import zlib

    bomb = bomb[:12] + header + zlib.crc32(header).to_bytes(4, "big") + bomb[33:]
    with pytest.raises(InputError, match="million pixels"):
        read_picture(bomb)


def test_what_is_no_picture(tmp_path):
    with pytest.raises(MissingFileError):
        read_picture(tmp_path / "none.jpg")
    with pytest.raises(InputError, match="folder"):
        read_picture(tmp_path)


def test_a_failed_write_leaves_nothing(tmp_path, rgb):
    with pytest.raises(InputError, match="suffix"):
        write_picture(tmp_path / "picture.xyz", rgb)
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(InputError, match="folder"):
        write_picture(tmp_path / "taken.png", rgb)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be made"):
        write_picture(tmp_path / "file" / "picture.png", rgb)
    with pytest.raises(TypeError):
        write_picture(tmp_path / "picture.png", rgb.astype(np.complex64))
    assert {file.name for file in tmp_path.iterdir()} == {"file", "taken.png"}


def test_resize_to_limit_table():
    for height, width, max_dim, division, *expected in FRAMES["resize_table"].tolist():
        resized = resize_to_limit(np.zeros((height, width, 3), np.uint8), max_dim, division)
        assert list(resized.shape) == [*expected, 3]


@pytest.mark.parametrize(("name", "max_dim", "division"), [("rl", 80, 2), ("rl2", 64, 16)])
def test_resize_to_limit_pixels(name, max_dim, division):
    resized = resize_to_limit(FRAMES[f"{name}_in"], max_dim, division)
    assert np.abs(resized.astype(int) - FRAMES[f"{name}_out"]).max() <= UINT8["plain_max"]


@given(
    height=st.integers(1, 300), width=st.integers(1, 300), max_dim=st.integers(-1, 300), division=st.integers(-1, 40)
)
def test_resize_to_limit_holds_its_limits(height, width, max_dim, division):
    resized = resize_to_limit(np.zeros((height, width, 3), np.uint8), max_dim, division)
    new_height, new_width = resized.shape[:2]
    assert min(new_height, new_width) >= 1
    if max_dim > 0:
        assert max(new_height, new_width) <= max_dim
    else:
        assert height - new_height < max(division, 1) and width - new_width < max(division, 1)
    if division > 1 and min(new_height, new_width) >= division:
        assert new_height % division == 0 and new_width % division == 0
