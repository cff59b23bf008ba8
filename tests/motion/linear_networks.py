"""Stand-ins for S, R_eyes and R_lip: the linear maps with which the golden animations were made."""

import numpy as np
import torch
from torch import Tensor


class LinearNetworks:
    """``out = W @ flat input``, in the official layouts; satisfies `KeypointNetworks`."""

    def __init__(self, stitching: np.ndarray, eye: np.ndarray, lip: np.ndarray) -> None:
        self._stitching, self._eye, self._lip = (torch.from_numpy(w).float() for w in (stitching, eye, lip))

    @classmethod
    def random(cls, seed: int = 0) -> "LinearNetworks":
        draw = np.random.default_rng(seed).standard_normal
        return cls(0.01 * draw((65, 126)), 0.01 * draw((63, 66)), 0.01 * draw((63, 65)))

    def stitch(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        out = torch.cat([x_s.flatten(1), x_d.flatten(1)], dim=1) @ self._stitching.to(x_s).T  # (B, 65)
        x = x_d + out[:, :63].reshape(-1, 21, 3)
        return torch.cat([x[..., :2] + out[:, None, 63:], x[..., 2:]], dim=-1)

    def retarget_eye(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        return (torch.cat([x_s.flatten(1), ratios], dim=1) @ self._eye.to(x_s).T).reshape(-1, 21, 3)

    def retarget_lip(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        return (torch.cat([x_s.flatten(1), ratios], dim=1) @ self._lip.to(x_s).T).reshape(-1, 21, 3)
