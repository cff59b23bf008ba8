"""Terms that compare pictures: nothing where they are alike, and more where the mouth is."""

from dataclasses import replace

import pytest
import torch

from src.errors import InputError
from src.training.recipe import load_recipe
from src.training.stages.compact_maps import importance
from src.training.stages.compact_terms import PICTURE_TERMS, check_pictures, picture_terms
from src.training.stages.skull import mean_face_keypoints

SIZE = 128


def terms_of(picture, target):
    kp = 0.5 * mean_face_keypoints()[None]
    return {name: float(term()) for name, term in picture_terms(picture, target, kp, importance(kp, SIZE)).items()}


@pytest.fixture
def target():
    return torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(2))


def test_pictures_that_are_alike_cost_nothing(target):
    found = terms_of(target, target)
    assert found.keys() == set(PICTURE_TERMS)
    assert all(abs(term) < 1e-5 for term in found.values())


@pytest.mark.parametrize("name", PICTURE_TERMS)
def test_every_term_grows_with_the_difference(target, name):
    noise = torch.rand(target.shape, generator=torch.Generator().manual_seed(3)) - 0.5
    near, far = (terms_of(target + share * noise, target)[name] for share in (0.1, 0.5))
    assert 0 < near < far


@pytest.mark.parametrize("name", ["l1", "mouth"])
def test_what_lies_at_the_mouth_weighs_more(target, name):
    at_mouth, elsewhere = target.clone(), target.clone()
    x, y = ((0.5 * mean_face_keypoints()[19, :2] + 1) * SIZE / 2).round().int().tolist()  # inner lower lip
    at_mouth[..., y - 4 : y + 4, x - 4 : x + 4] += 0.3
    elsewhere[..., :8, :8] += 0.3
    assert terms_of(at_mouth, target)[name] > 3 * terms_of(elsewhere, target)[name]


@pytest.mark.parametrize(("size", "told"), [(126, "at least that, got 126"), (129, "must be even, got 129")])
def test_sizes_that_do_not_fit_are_refused(size, told):
    recipe = load_recipe("compact")
    with pytest.raises(InputError, match=told):
        check_pictures(replace(recipe, data=replace(recipe.data, size=size)))
    check_pictures(replace(recipe, data=replace(recipe.data, size=130)))
