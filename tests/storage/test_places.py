import pytest

from src.errors import InputError
from src.storage.places import absolute, joined, name_of, same, stem_of, suffix_of


def test_places_in_a_remote_folder():
    assert absolute("in/x.png", "s3://bucket/jobs") == "s3://bucket/jobs/in/x.png"
    assert absolute("../in/./x.png", "s3://bucket/jobs") == "s3://bucket/in/x.png"  # keys know no dots
    assert absolute("s3://bucket/a/../x.png", "s3://bucket/jobs") == "s3://bucket/a/../x.png"  # a key of its own
    assert absolute("/in/x.png", "s3://bucket/jobs") == "/in/x.png"
    with pytest.raises(InputError, match=r"'\.\./\.\./x\.png' leads out of 's3://bucket'"):
        absolute("../../x.png", "s3://bucket/jobs")


@pytest.mark.parametrize("url", ["s3://", "s3:///", "memory://"])
def test_urls_of_nothing(url):
    """What lies in `s3://` would be taken for a path of this machine."""
    with pytest.raises(InputError, match=f"'{url}' names nothing"):
        absolute(url, "/home")


def test_queries_of_the_web_are_no_part_of_a_name():
    signed = "https://host/in/x%20y.png?signature=a/b.mp4#top"
    assert (name_of(signed), stem_of(signed), suffix_of(signed)) == ("x%20y.png", "x%20y", ".png")
    assert name_of("s3://bucket/in/what?.png") == "what?.png"


def test_places_that_mean_one_file():
    assert same("s3a://bucket/x.png") == same("s3://bucket/x.png")
    assert same("gcs://bucket/x.png") == same("gs://bucket/x.png")
    assert same("s3://bucket/x.png") != same("gs://bucket/x.png")
    assert joined("s3://bucket/", "x.png") == joined("s3://bucket", "x.png") == "s3://bucket/x.png"


def test_a_path_is_the_same_whatever_folder_it_was_given_from(tmp_path):
    """Dots follow links as the system does."""
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real/deep")
    assert absolute("../b/o.mp4", str(tmp_path / "a")) == absolute("o.mp4", str(tmp_path / "b"))
    assert absolute("link/../o.mp4", str(tmp_path)) == str(tmp_path / "real/o.mp4")
    assert absolute("link/o.mp4", str(tmp_path)) == str(tmp_path / "link/o.mp4")
    assert absolute("real/deep/..", str(tmp_path)) == str(tmp_path / "real")
