import pytest

from src.errors import InputError, MissingFileError
from src.training.recipe import RECIPES, load_recipe


@pytest.mark.parametrize("name", [path.stem for path in RECIPES.glob("*.yaml")])
@pytest.mark.parametrize("stage", [1, 2])
def test_our_recipes_are_read(name, stage):
    recipe = load_recipe(name, stage)
    assert recipe.model == name and recipe.stage == stage and recipe.losses
    assert all(weight > 0 for weight in recipe.losses.values())


def test_a_recipe_of_ones_own(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "model: compact\nstage1: {precision: bfloat16, optimizer: {lr: 1, betas: [0.5, 0.9]}, "
        "data: {framing: {turn: 3}}}"
    )
    recipe = load_recipe(str(file))
    assert (recipe.optimizer.lr, recipe.optimizer.betas, recipe.data.framing.turn) == (1.0, (0.5, 0.9), 3.0)
    assert recipe.data.size == 128 and recipe.precision == "bfloat16"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "must have the keys model and stage1"),
        ("model: compact", "must have the keys model and stage1"),
        ("model: {", "no YAML"),
        ("model: compact\nstage1: {rate: 1}", "no such setting: rate; known: model, stage"),
        ("model: compact\nstage1: {optimizer: {lr: fast}}", "optimizer: lr: expected float, got 'fast'"),
        ("model: compact\nstage1: {optimizer: {betas: [1]}}", "betas: expected a list of numbers"),
        ("model: compact\nstage1: {optimizer: 3}", "optimizer: expected named values, got 3"),
        ("model: compact\nstage1: {precision: float16}", "'float16' is none of 'float32', 'bfloat16'"),
        ("model: compact\nstage1: {losses: 3}", "losses: expected named numbers"),
        ("model: compact\nstage1: {data: {size: true}}", "size: expected int, got True"),
    ],
)
def test_errors(tmp_path, text, message):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        load_recipe(str(file))


def test_no_such_recipe(tmp_path):
    with pytest.raises(MissingFileError, match=r"lost\.yaml"):
        load_recipe(str(tmp_path / "lost.yaml"))
