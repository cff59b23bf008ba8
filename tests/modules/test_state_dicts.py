"""The networks' state dicts are the official files, key for key."""

import pytest

from tests.parity.weights import NETWORKS, STITCHING, manifest

FIXTURES = dict(zip(NETWORKS, ("extractor", "motion_extractor", "warping", "generator"), strict=True))
KEYS = {"extractor": 107, "motion_extractor": 212, "warping": 97, "generator": 182}


@pytest.mark.parametrize("name", NETWORKS)
def test_keys_shapes_and_types(name, request):
    fixture = FIXTURES[name]
    state = request.getfixturevalue(fixture).state_dict()
    ours = {
        key: {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")}
        for key, value in state.items()
    }
    assert ours == manifest(name)
    assert list(ours) == list(manifest(name))
    assert len(ours) == KEYS[fixture]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("extractor", 836_224), ("motion_extractor", 28_118_728), ("warping", 45_529_829), ("generator", 55_365_388)],
)
def test_number_of_parameters(name, parameters, request):
    assert sum(p.numel() for p in request.getfixturevalue(name).parameters()) == parameters


def test_stitching_manifest_has_three_networks():
    assert set(manifest(STITCHING)) == {"retarget_shoulder", "retarget_mouth", "retarget_eye"}
