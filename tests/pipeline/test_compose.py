import numpy as np
import pytest

from src.face.crop import Square, square_matrix
from src.face.match_color import match_color
from src.face.paste_back import PasteBack
from src.pipeline.compose import Composer
from src.pipeline.render import RenderedFace, RenderedFrame
from tests.media.clips import stamped

from .scenes import grey

FRAME = np.random.default_rng(2).integers(0, 255, (120, 200, 3), dtype=np.uint8)


def paste_back(x=60, y=60, size=64):
    matrix = square_matrix(Square(np.array([x, y], np.float32), size, 0.0), dsize=512)
    return PasteBack(np.linalg.inv(matrix), FRAME.shape[:2])


def face(level, preview=100, where=None):
    return RenderedFace(grey(level, 64, 64), grey(preview, 512, 512), where)


def test_faces_are_pasted_into_the_frame():
    before = FRAME.copy()
    left, right = face(200, where=paste_back(50)), face(30, where=paste_back(150))
    result = Composer().result(RenderedFrame(FRAME, [left, right], pastes=True))
    assert (result[60, 50] == 200).all() and (result[60, 150] == 30).all()
    np.testing.assert_array_equal(result[:, 95:105], FRAME[:, 95:105])
    np.testing.assert_array_equal(FRAME, before)


def test_pasting_is_that_of_paste_back():
    one = face(200, where=paste_back())
    result = Composer().result(RenderedFrame(FRAME, [one], pastes=True))
    np.testing.assert_array_equal(result, one.paste_back.paste(one.crop, FRAME))


def test_a_face_without_a_place_leaves_the_frame_as_it_is():
    """Bit for bit, as when the frame shows no face."""
    result = Composer(matches_color=True).result(RenderedFrame(FRAME, [face(200), face(100)], pastes=True))
    np.testing.assert_array_equal(result, FRAME)
    mixed = Composer().result(RenderedFrame(FRAME, [face(200), face(30, where=paste_back(150))], pastes=True))
    np.testing.assert_array_equal(mixed[:, :100], FRAME[:, :100])


def test_without_paste_back_the_crops_stand_in_a_row():
    row = Composer().result(RenderedFrame(FRAME, [face(10), face(20), face(30)], pastes=False))
    assert row.shape == (64, 192, 3) and row[0, ::64, 0].tolist() == [10, 20, 30]


def test_colours_are_matched_where_crops_are_pasted():
    one = face(180, preview=90, where=paste_back())
    frame = RenderedFrame(FRAME, [one], pastes=True)
    plain, matched = Composer().result(frame), Composer(matches_color=True).result(frame)
    assert plain[60, 60, 0] == 180 and matched[60, 60, 0] == pytest.approx(90, abs=1)
    wanted = one.paste_back.paste(match_color(one.crop, one.preview), FRAME)
    np.testing.assert_array_equal(matched, wanted)
    crops = RenderedFrame(FRAME, [one], pastes=False)
    np.testing.assert_array_equal(Composer(matches_color=True).result(crops), one.crop)


def tiles(rgb, across, down=1):
    return [
        [int(tile[tile.shape[0] // 2, tile.shape[1] // 2, 0]) for tile in np.split(row, across, axis=1)]
        for row in np.split(rgb, down, axis=0)
    ]


def test_side_by_side():
    one = RenderedFrame(FRAME, [face(200, 90)], pastes=True)
    whole = Composer().side_by_side(one, [grey(40, 256, 256)])
    assert whole.shape == (64, 192, 3) and tiles(whole, 3) == [[40, 90, 200]]
    without = Composer().side_by_side(one, [None])
    assert without.shape == (64, 128, 3) and tiles(without, 2) == [[90, 200]]


def test_a_row_for_every_face():
    several = RenderedFrame(FRAME, [face(200, 90), face(210, 80), face(70, 70)], pastes=True)
    rows = Composer().side_by_side(several, [grey(40, 256, 256), grey(50, 256, 256), None])
    assert tiles(rows, 3, 3) == [[40, 90, 200], [50, 80, 210], [0, 70, 70]]  # black: a face without a driver
    assert tiles(Composer().side_by_side(several, [None] * 3), 2, 3) == [[90, 200], [80, 210], [70, 70]]


def test_so_many_rows_that_no_player_could_show_them():
    crowd = RenderedFrame(FRAME, [RenderedFace(grey(200, 512, 512), grey(90), None)] * 12, pastes=True)
    rows = Composer().side_by_side(crowd, [stamped(1)] * 12)
    assert rows.shape[0] <= 4096 and rows.shape[0] % 24 == 0 and rows.shape[1] % 2 == 0
    assert rows.shape[1] / rows.shape[0] == pytest.approx(3 / 12, rel=0.01)
    few = RenderedFrame(FRAME, [RenderedFace(grey(200, 512, 512), grey(90), None)] * 8, pastes=True)
    assert Composer().side_by_side(few, [None] * 8).shape == (4096, 1024, 3)
