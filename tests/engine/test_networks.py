import torch

from src.engine.networks import to_bytes


def test_bytes_are_truncated_and_limited():
    pictures = torch.tensor([-0.5, 0.0, 0.5, 0.9999, 1.0, 7.0]).reshape(1, 1, 2, 3).expand(2, 3, 2, 3)
    out = to_bytes(pictures)
    assert out.shape == (2, 2, 3, 3) and out.dtype == torch.uint8 and out.is_contiguous()
    assert out[1, :, :, 2].flatten().tolist() == [0, 0, 127, 254, 255, 255]
