import pytest

from src.media import ffmpeg


def test_a_failure_is_reported_in_plain_words():
    with pytest.raises(ffmpeg.FfmpegError, match=r"^ffmpeg failed: Error opening input: No such file or directory"):
        ffmpeg.run(["-i", "/no/such/file.mp4", "-f", "null", "-"])


def test_last_words_drop_addresses_and_keep_the_end():
    said = b"first\n[out#0/mp4 @ 0x562dba9a89c0] Error writing trailer: No space left on device.\n\nlast\n"
    assert ffmpeg.last_words(said, lines=2) == "Error writing trailer: No space left on device / last"
    assert ffmpeg.last_words(b"") == "it left no message"


def test_a_machine_without_ffmpeg(monkeypatch):
    def missing():
        raise RuntimeError("no exe")

    monkeypatch.setattr(ffmpeg.imageio_ffmpeg, "get_ffmpeg_exe", missing)
    with pytest.raises(ffmpeg.FfmpegError, match="imageio-ffmpeg"):
        ffmpeg.command("-version")


def test_awkward_names_are_neither_options_nor_urls(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ffmpeg.file_argument(ffmpeg.Path("-x:y.mp4")) == f"file:{tmp_path / '-x:y.mp4'}"
