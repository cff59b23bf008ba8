from dataclasses import asdict, replace

import pytest

from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.config.split import join_configs, split_arguments
from src.errors import InputError

CHANGES = {
    "driving_multiplier": 1.2,
    "scale": 2.0,
    "flag_do_rot": False,
    "device_id": 2,
    "lip_normalize_threshold": 0.1,
}


def test_there_and_back():
    args = ArgumentConfig(**CHANGES)
    inference, crop = split_arguments(args)
    assert (inference.driving_multiplier, crop.scale) == (1.2, 2.0)
    assert (inference.flag_do_rot, crop.flag_do_rot) == (False, False)
    assert join_configs(inference, crop) == args


def test_what_neither_config_holds_stays_behind():
    assert join_configs(*split_arguments(ArgumentConfig(source="a.jpg", crf=3))) == ArgumentConfig()


def test_the_callers_configs_stay_as_they_are():
    inference, crop = InferenceConfig(device_id=1), CropConfig()
    join_configs(inference, crop)
    assert asdict(inference) == asdict(InferenceConfig(device_id=1)) and asdict(crop) == asdict(CropConfig())


@pytest.mark.parametrize(("name", "value"), [("flag_do_rot", False), ("device_id", 3), ("flag_force_cpu", True)])
def test_it_is_enough_to_set_one_of_the_two(name, value):
    wanted = replace(ArgumentConfig(), **{name: value})
    assert join_configs(InferenceConfig(**{name: value}), CropConfig()) == wanted
    assert join_configs(InferenceConfig(), CropConfig(**{name: value})) == wanted


def test_a_contradiction():
    with pytest.raises(InputError, match="device_id is 1 in InferenceConfig and 2 in CropConfig: set it in one"):
        join_configs(InferenceConfig(device_id=1), CropConfig(device_id=2))
