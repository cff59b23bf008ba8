import pytest

from src.batch.columns import option_of, with_options
from src.config.argument_config import ArgumentConfig


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("flag_stitching", "false", False),
        ("flag_stitching", "Yes", True),
        ("scale", "2.5", 2.5),
        ("scale", "3", 3),
        ("crf", "30", 30),
        ("crf", 30.0, 30),
        ("crf", "30.0", 30),
        ("crf", "30.5", "30.5"),
        ("crf", "inf", "inf"),
        ("crf", 30.5, 30.5),
        ("output_size", "none", None),
        ("output_size", "512", 512),
        ("animation_region", " lip ", "lip"),
        ("faces", 1, "1"),
        ("faces", "0,2", "0,2"),
        ("source_points", "1,2 3,4 5,6 7,8", "1,2 3,4 5,6 7,8"),
        ("scale", "large", "large"),
        ("flag_stitching", "perhaps", "perhaps"),
        ("crf", True, True),
    ],
)
def test_values(name, given, value):
    found = getattr(with_options(ArgumentConfig(), {name: given}), name)
    assert found == value and isinstance(found, type(value) if not isinstance(found, int | float) else (int, float))


def test_numbers_of_tables_and_of_text_are_the_same():
    """Else the same option would make a row due again."""
    found = [with_options(ArgumentConfig(), {"scale": value}).scale for value in ("1", 1, 1.0, "1.0")]
    assert [repr(value) for value in found] == ["1.0"] * 4


def test_spellings():
    assert option_of("paste_back") == "flag_pasteback" and option_of("crf") == "crf" and option_of("source") == "source"
