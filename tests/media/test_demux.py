"""Files are opened as what they are, and lead nowhere else."""

import av
import pytest

from src.errors import InputError
from src.media import ffmpeg
from src.media.demux import open_container
from src.media.sound import has_audio
from src.media.video_reader import open_video

from .clips import make_clip, make_tone


@pytest.mark.parametrize(
    ("suffix", "codec", "demuxer"),
    [
        ("mp4", "libx264", "mov"),
        ("mov", "libx264", "mov"),
        ("mkv", "libx264", "matroska"),
        ("webm", "libvpx-vp9", "matroska"),
        ("avi", "mjpeg", "avi"),
        ("mpg", "mpeg2video", "mpeg"),
        ("m2v", "mpeg2video", "mpegvideo"),
        ("ts", "libx264", "mpegts"),
        ("m2ts", "libx264", "mpegts"),
        ("flv", "libx264", "flv"),
        ("ogv", "libtheora", "ogg"),
        ("wmv", "wmv2", "asf"),
        ("gif", "gif", "gif"),
    ],
)
def test_every_kind_is_opened_as_what_it_is(tmp_path, suffix, codec, demuxer):
    clip = tmp_path / f"clip.{suffix}"
    wanted = [] if suffix == "gif" else ["-pix_fmt", "yuvj420p" if codec == "mjpeg" else "yuv420p"]
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.4:r=25", "-c:v", codec, *wanted, str(clip)])
    renamed = clip.rename(tmp_path / "holiday.jpg")
    with open_container(renamed) as container:
        assert demuxer in container.format.name.split(",")
    shapes = [frame.rgb.shape for frame in open_video(renamed)]
    assert set(shapes) == {(48, 64, 3)} and 6 <= len(shapes) <= 10  # Theora leaves out frames in which little moves
    ffmpeg.run([*ffmpeg.input_arguments(renamed), "-f", "null", "-"])


def test_a_list_of_files_is_not_followed(tmp_path):
    make_tone(tmp_path / "sound.m4a", 0.2)
    (tmp_path / "list.txt").write_text("ffconcat version 1.0\nfile sound.m4a\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nsound.m4a\n#EXT-X-ENDLIST\n")
    for name in ("list.txt", "list.m3u8"):
        assert not has_audio(tmp_path / name)
        with pytest.raises(InputError, match="no video"):
            open_container(tmp_path / name)


def test_no_address_is_followed(tmp_path, monkeypatch):
    """Nothing but files may be opened, whatever a demuxer finds in them."""
    make_clip(tmp_path / "clip.mp4", [0])
    given = {}
    monkeypatch.setattr(av, "open", lambda *_args, **named: given.update(named))
    open_container(tmp_path / "clip.mp4")
    assert given["options"] == {"protocol_whitelist": "file"}
    # not even tried: an address that nobody answers at is another error
    with pytest.raises(ffmpeg.FfmpegError, match="Error opening input: Invalid argument"):
        ffmpeg.run(["-protocol_whitelist", "file,pipe", "-i", "http://127.0.0.1:9/clip.mp4", "-f", "null", "-"])
    assert ffmpeg.input_arguments(tmp_path / "clip.mp4")[:2] == ("-protocol_whitelist", "file,pipe")
