"""How networks are asked for pictures, with an engine that only remembers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from src.evaluation.methods import Networks
from src.motion.motion import Motion


class Recorder:
    """An engine of the kind that reads pictures: its canonical face differs from frame to frame."""

    reads_meshes, batch_size, device = False, 2, torch.device("cpu")

    def __init__(self):
        self.asked, self.encoded = [], 0

    def prepare(self, pictures):
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def get_motion(self, prepared, mesh=None):
        levels = prepared[:, 0, 0, 0].float()  # the pictures' number
        kp = torch.arange(63.0).view(1, 21, 3) + levels[:, None, None]
        exp = (levels / 100)[:, None, None].expand(-1, 21, 3)
        eyes = torch.eye(3).repeat(len(levels), 1, 1)
        return Motion(kp=kp, R=eyes, exp=exp, t=torch.zeros(len(levels), 3), scale=torch.ones(len(levels), 1))

    def encode_source(self, prepared):
        self.encoded += 1
        return SimpleNamespace(picture=None)

    def warp_decode(self, features, x_s, x_d):
        self.asked.append((x_s, x_d))
        return {"out": torch.zeros(len(x_d), 3, 256, 256)}


class NumberedClip:
    """Every picture shows its number."""

    meshes = np.zeros((9, 478, 3))

    def pictures(self, frames):
        return np.stack([np.full((256, 256, 3), frame, np.uint8) for frame in frames])


def test_the_drivers_motion_is_put_on_the_sources_face():
    engine = Recorder()
    Networks("m", engine).draw(NumberedClip(), 5, [2, 7, 8])
    x_s, x_d = engine.asked[0][0], torch.cat([asked for _, asked in engine.asked])
    face = torch.arange(63.0).view(1, 21, 3) + 5
    torch.testing.assert_close(x_s, face + 0.05)
    torch.testing.assert_close(x_d, face + torch.tensor([0.02, 0.07, 0.08])[:, None, None])


def test_a_source_is_encoded_once_for_all_that_drive_it():
    engine, clip = Recorder(), NumberedClip()
    networks = Networks("m", engine)
    kept = [networks.features(clip, 3) for _ in range(3)]
    assert engine.encoded == 1 and kept[0] is kept[2]
    networks.features(clip, 4)
    networks.features(NumberedClip(), 4)
    assert engine.encoded == 3


@pytest.mark.parametrize("frame", [0, 3])
def test_a_picture_alone_has_the_ratios_of_its_mesh(frame):
    motion = Networks("m", Recorder()).picture_motion(NumberedClip(), frame)
    assert motion.eye_ratio.shape == (1, 2) and motion.lip_ratio.shape == (1, 1)
