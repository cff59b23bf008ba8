import pytest

from src.errors import InputError, MissingFileError
from src.training.recipe import RECIPES, load_recipe

OURS = [("compact", 1), ("compact", 2), ("compact", 3), ("compact", 4), ("base", 1), ("base", 2)]


def test_all_recipes_are_known():
    assert {path.stem for path in RECIPES.glob("*.yaml")} == {name for name, _ in OURS}


@pytest.mark.parametrize(("name", "stage"), OURS)
def test_our_recipes_are_read(name, stage):
    recipe = load_recipe(name, stage)
    assert recipe.model == name and recipe.stage == stage and recipe.losses
    assert all(weight > 0 for weight in recipe.losses.values())


def test_base_has_no_third_stage():
    with pytest.raises(InputError, match=r"base\.yaml' has no stage3, only stage1, stage2"):
        load_recipe("base", 3)


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


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("optimizer: {lr: 0}", "optimizer: lr must be more than 0, got 0"),
        ("optimizer: {lr: .inf}", "lr"),
        ("optimizer: {lr: .nan}", "lr"),
        ("optimizer: {warmup: -1}", "warmup must be 0 or more, got -1"),
        ("optimizer: {cooldown: 1.5}", "cooldown must be a share, 0 to 1, got 1.5"),
        ("optimizer: {average: 1.0}", "average must be 0 or more and less than 1"),
        ("optimizer: {betas: [0.9, 1.0]}", "betas must be .* less than 1, got 1.0"),
        ("optimizer: {accumulate: 0}", "accumulate must be 1 or more"),
        ("optimizer: {gradient_norm: 0}", "gradient_norm must be more than 0"),
        ("optimizer: {critic: -1}", "critic must be 0 or more"),
        ("dropout: 1.0", "dropout must be 0 or more and less than 1"),
        ("critics: {begin: -5}", "critics: begin must be 0 or more"),
        ("critics: {begin: 0.02}", "begin: expected int, got 0.02"),
        ("critics: {channels: []}", "channels.*at least one"),
        ("critics: {channels: [8, 0]}", "channels must be 1 or more"),
        ("data: {size: 0}", "data: size must be"),
        ("data: {sources: 0}", "sources must be 1 or more"),
        ("data: {drivers: 0}", "drivers must be 1 or more"),
        ("data: {nominal: 0}", "nominal must be more than 0"),
        ("data: {draw: {opening_mouth: 0.7, closing_eyes: 0.4}}", "opening_mouth and closing_eyes.*1.1"),
        ("data: {draw: {farther: 2}}", "data: draw: farther must be a share"),
        ("data: {framing: {zoom: [0, 1]}}", "zoom must be more than 0"),
        ("data: {framing: {zoom: [2, 1]}}", "zoom.*least and most"),
        ("data: {framing: {shift_y: [0.2, 0.1]}}", "shift_y.*least and most"),
        ("data: {framing: {black: -1}}", "black must be a share"),
        ("data: {reshape: {bend: -1}}", "bend must be 0 or more"),
        ("data: {colour: {changed: 3}}", "changed must be a share"),
        ("data: {colour: {gain: -0.1}}", "gain must be 0 or more"),
        ("data: {invented: {share: 1.1}}", "share must be a share"),
        ("data: {invented: {yaw: -3}}", "yaw must be 0 or more"),
        ("model: base", "model .*top of the file"),
        ("stage: 2", "stage .*top of the file"),
    ],
)
def test_ranges(tmp_path, part, message):
    file = tmp_path / "mine.yaml"
    file.write_text(f"model: compact\nstage1: {{{part}}}")
    with pytest.raises(InputError, match=rf"mine\.yaml.*{message}"):
        load_recipe(str(file))


def test_names_beside_the_stages_are_said(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("model: compact\nstage1: {}\nstag2: {}")
    with pytest.raises(InputError, match="no such setting: stag2"):
        load_recipe(str(file))


@pytest.mark.parametrize("text", ["2e-4", "2.0e-4", "2E-4", "0.0002"])
def test_numbers_with_exponents(tmp_path, text):
    """YAML takes 2e-4, without a point, for a word."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"model: compact\nstage1: {{optimizer: {{lr: {text}}}, losses: {{l1: {text}}}}}")
    recipe = load_recipe(str(file))
    assert recipe.optimizer.lr == recipe.losses["l1"] == 2e-4


def test_no_such_recipe(tmp_path):
    with pytest.raises(MissingFileError, match=r"lost\.yaml"):
        load_recipe(str(tmp_path / "lost.yaml"))
