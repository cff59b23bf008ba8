import torch

from src.modules.xpose.window_attention import SHIFT, WindowAttention, _relative_positions, shift_mask
from tests.parity.fill_xpose import relative_position_index


def test_relative_positions_are_those_of_the_checkpoint():
    assert torch.equal(_relative_positions(torch.device("cpu")), torch.from_numpy(relative_position_index()))


def test_a_moved_window_keeps_the_ends_of_the_picture_apart():
    mask = shift_mask(torch.zeros(14, 21, 1))
    assert mask.shape == (6, 1, 49, 49)
    assert not mask[0].any()  # wholly inside
    cells = mask[2, 0].view(7, 7, 7, 7)  # the last window of the first row: its last 3 columns came from the left
    assert not cells[0, 0, 6, 3].any() and cells[0, 0, 6, 4] == -100


def test_a_single_window_is_masked_too():
    assert shift_mask(torch.zeros(5, 5, 1)).any()


def test_cells_see_their_window_alone():
    torch.manual_seed(0)
    attention = WindowAttention(12, 3)
    x = torch.randn(10, 16, 12)
    changed = x.clone()
    changed[8, 15] += 1
    for shift in (0, SHIFT):
        mask = shift_mask(x) if shift else None
        differs = (attention(x, shift, mask) != attention(changed, shift, mask)).any(-1)
        assert differs[8, 15] and not differs[:3].any() and not differs[:, :7].any()
