import numpy as np
import pytest

from src.face.crop import Square, square_matrix
from src.face.paste_back import PasteBack
from src.face.territory import territory

SIZE = (120, 200)  # height, width


def square(x: float, y: float = 60.0, side: float = 80.0, angle: float = 0.0) -> Square:
    return Square(np.array([x, y], np.float32), side, angle)


def test_far_neighbours_share_nothing():
    assert territory(square(40, side=30), [square(160, side=30)], SIZE) is None
    assert territory(square(40), [], SIZE) is None


def test_the_border_lies_halfway_between_equal_faces():
    share = territory(square(70), [square(130)], SIZE)
    assert share.shape == SIZE and share.dtype == np.float32
    assert share[60, :95].min() == 1 and share[60, 106:].max() == 0
    assert share[:, :88].min() == 1 and share[:, 113:].max() == 0
    assert share[60, 98:102].mean() == pytest.approx(0.5, abs=0.1)


def test_the_larger_face_has_more_room():
    """Distances count in sides of each face's own square: 40 to 80 of 60 pixels between the centres."""
    share = territory(square(70, side=80), [square(130, side=40)], SIZE)
    assert share[60, :104].min() == 1 and share[60, 116:180].max() == 0


@pytest.mark.parametrize("others", [[130.0], [10.0, 130.0], [10.0]])
def test_shares_of_all_faces_make_one(others):
    squares = [square(70), *map(square, others)]
    shares = [territory(one, [other for other in squares if other is not one], SIZE) for one in squares]
    total = sum(np.ones(SIZE) if share is None else share for share in shares)
    assert total == pytest.approx(np.ones(SIZE), abs=1e-5)


def test_each_crop_keeps_its_own_side():
    """Without borders the crop that comes last would win where both squares overlap."""
    frame, squares = np.full((*SIZE, 3), 128, np.uint8), [square(70), square(130)]
    crops = [np.full((512, 512, 3), level, np.uint8) for level in (50, 200)]

    def pasted(order, **borders):
        result = frame
        for i in order:
            matrix = np.linalg.inv(square_matrix(squares[i], dsize=512))
            share = territory(squares[i], [squares[1 - i]], SIZE) if borders.get("borders", True) else None
            result = PasteBack(matrix, SIZE, share=share).paste(crops[i], result)
        return result

    for order in ((0, 1), (1, 0)):
        result = pasted(order)[60, :, 0]
        assert (result[35:95] == 50).all() and (result[106:165] == 200).all()
    assert (pasted((0, 1), borders=False)[60, 93:106, 0] == 200).all()
