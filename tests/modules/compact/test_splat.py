import torch
import torch.nn.functional as F

from src.modules.compact.candidates import squared_distances
from src.modules.compact.splat import splat


def test_the_flow_becomes_nearly_right_at_the_keypoints_and_stays_elsewhere():
    driving = torch.tensor([[[-0.5, -0.5, 0.0], [0.4, 0.3, 0.1]]])
    source = driving + torch.tensor([[[0.1, 0.0, 0.0], [-0.05, 0.08, 0.0]]])
    distances = squared_distances(driving, 64, 64)
    flow = splat(torch.zeros(1, 2, 64, 64), driving, source, distances, torch.tensor([0.05, 0.05]))
    at_keypoints = F.grid_sample(flow, driving[:, :, None, :2], align_corners=False)[..., 0].mT
    torch.testing.assert_close(at_keypoints, (source - driving)[..., :2], rtol=0, atol=2e-3)
    assert float(flow[..., :8, -8:].abs().max()) < 1e-6
