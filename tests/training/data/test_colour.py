import numpy as np
import pytest

from src.training.data.colour import ColourOptions, draw_colours

NONE = ColourOptions(1.0, gain=0, offset=0, gamma=0, saturation=0, hue=0, light=0, grey=0)


def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)


def changed(options, seed=0):
    colours = draw_colours(np.random.default_rng(seed), options)
    assert colours is not None
    return colours(pictures())


def test_a_change_of_nothing_changes_nothing():
    assert np.abs(changed(NONE).astype(int) - pictures()).max() <= 1


def test_without_the_chance_colours_stay():
    assert draw_colours(np.random.default_rng(0), ColourOptions(changed=0.0)) is None


def test_grey_has_equal_channels():
    grey = changed(ColourOptions(1.0, 0, 0, 0, grey=1.0))
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1
    luma = pictures() @ [0.299, 0.587, 0.114]
    assert np.abs(grey[..., 0] - luma).max() < 1.5


@pytest.mark.parametrize("setting", ["gain", "offset", "gamma", "saturation", "hue", "light"])
def test_every_setting_has_an_effect_and_an_end(setting):
    value = 20.0 if setting == "hue" else 0.3
    options = ColourOptions(**{**vars(NONE), setting: value})
    change = [np.abs(changed(options, seed).astype(int) - pictures()).mean() for seed in range(10)]
    assert 0.5 < max(change) < 80


def test_hue_and_saturation_leave_greys_alone():
    colours = draw_colours(np.random.default_rng(1), ColourOptions(**{**vars(NONE), "hue": 30.0, "saturation": 0.5}))
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), 3, -1)
    assert colours is not None and np.abs(colours(grey).astype(int) - grey).max() <= 1


def test_all_pictures_change_alike():
    one = pictures()[:1]
    colours = draw_colours(np.random.default_rng(2), ColourOptions(1.0, light=0.5))
    assert colours is not None
    both = colours(np.concatenate([one, one]))
    assert (both[0] == both[1]).all()
