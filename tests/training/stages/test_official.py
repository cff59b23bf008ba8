"""Stage 1 of the official architecture: the same classes with few channels."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from src.config.model_config import load_model_config
from src.errors import InputError
from src.motion.mesh_points import mean_keypoints
from src.motion.pose import get_rotation_matrix
from src.training.losses.perceptual import PerceptualLoss
from src.training.perceptual.vgg import vgg19
from src.training.recipe import Critics, Recipe, load_recipe
from src.training.stages.backbone import perceptual_loss
from src.training.stages.official import NETWORKS, TERMS, OfficialStage
from src.training.stages.official_keypoints import GUIDED, see
from src.training.trainer import RunOptions, Trainer
from src.weights.catalogue import MODELS
from src.weights.load import load_strict, read_state

SIZE = 64
# A kernel of 7 on a depth of 4 would not do: bfloat16 convolutions of torch 2.13 write beyond their memory then.
TINY = {
    "appearance_feature_extractor_params": {
        **{"block_expansion": 8, "max_features": 32, "reshape_channel": 8, "reshape_depth": 4, "num_resblocks": 1},
    },
    "motion_extractor_params": {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, 16)},
    "warping_module_params": {
        **{"block_expansion": 8, "max_features": 32, "reshape_channel": 8},
        "dense_motion_params": {
            **{
                "block_expansion": 8,
                "max_features": 16,
                "num_blocks": 2,
                "reshape_depth": 4,
                "compress": 2,
                "mask_kernel": 3,
            },
        },
    },
    "spade_generator_params": {
        **{"block_expansion": 8, "max_features": 32, "upscale": 2, "num_middle": 1},
        **{"spade_hidden": 8, "out_channels": 8},
    },
}
SOURCES, DRIVERS = 1, 2


class Pooled(nn.Module):
    """Stands in for a network of face descriptors."""

    def forward(self, faces: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(faces, 4).flatten(1)


class Repeated(IterableDataset[dict[str, Tensor]]):
    """One batch again and again."""

    def __init__(self, batch: dict[str, Tensor]) -> None:
        super().__init__()
        self._batch = batch

    def batch(self, step: int) -> dict[str, Tensor]:
        return self._batch

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        while True:
            yield self._batch


def make_batch(size: int, sources: int = SOURCES, drivers: int = DRIVERS) -> dict[str, Tensor]:
    """Smooth pictures in which blobs of colour sit where the keypoints are, as `Batches` gives them."""
    generator = torch.Generator().manual_seed(4)
    count = sources * (1 + drivers)
    angles = torch.randn(3, count, generator=generator) * 10
    R = get_rotation_matrix(*angles)
    face = torch.tensor(mean_keypoints(), dtype=torch.float32)
    kp = 1.2 * face @ R + torch.tensor([0.0, 0.1, 0.0])  # (count, 21, 3)
    axis = torch.linspace(-1, 1, size)
    distance = (axis[:, None] - kp[..., 1, None, None]) ** 2 + (axis - kp[..., 0, None, None]) ** 2
    colours = torch.rand(21, 3, generator=generator)
    pictures = torch.einsum("nkhw,kc->nchw", torch.exp(-distance / 0.02), colours).clamp(0, 1).mul(255).byte()
    parts = {"kp": kp, "R": R, "": pictures}
    batch = {}
    for name, value in parts.items():
        value = value.unflatten(0, (sources, 1 + drivers))
        prefix = f"{name}_" if name else ""
        batch |= {f"{prefix}source": value[:, 0].contiguous(), f"{prefix}driving": value[:, 1:].contiguous()}
    return batch


def floats(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the trainer makes of a batch."""
    return {name: value.float() / 255 if name in ("source", "driving") else value for name, value in batch.items()}


def make_recipe(size: int = 2 * SIZE, **changes: object) -> Recipe:
    recipe = load_recipe("base")
    changes = {"critics": Critics(1, (8, 8)), "precision": "float32"} | changes
    optimizer = replace(recipe.optimizer, lr=2e-3, warmup=0, accumulate=1)
    return replace(recipe, data=replace(recipe.data, size=size), optimizer=optimizer, **changes)


def make_stage(recipe: Recipe, everything: bool = True, save_memory: bool = False) -> OfficialStage:
    torch.manual_seed(1)
    distance = PerceptualLoss(vgg19(taps=(1, 3)), scales=1) if everything else None
    return OfficialStage(TINY, recipe, distance, Pooled() if everything else None, SIZE, save_memory)


def test_every_term_of_the_recipe_exists_and_reaches_all_networks():
    stage = make_stage(make_recipe())
    losses = stage.losses(floats(make_batch(2 * SIZE)), step=1)
    assert set(losses.networks) == set(TERMS) == set(load_recipe("base").losses)
    assert all(term.ndim == 0 and term.isfinite() for term in (losses.networks | losses.critics).values())
    torch.stack(list(losses.networks.values())).sum().backward()
    without = [name for name, weight in stage.networks.named_parameters() if weight.grad is None]
    assert not without
    assert all(weight.grad is None for weight in stage.critics.parameters())
    torch.stack(list(losses.critics.values())).sum().backward()
    assert all(weight.grad is not None for weight in stage.critics.parameters())


def test_without_files_and_before_the_critics_begin_the_rest_remains(caplog):
    stage = make_stage(make_recipe(critics=Critics(20, (8, 8))), everything=False)
    losses = stage.losses(floats(make_batch(2 * SIZE)), step=19)
    assert set(losses.networks) == {"equivariance", "prior", "head_pose", "deformation", "landmarks", "l1"}
    assert not losses.critics
    assert "perceptual" in caplog.text and "identity" in caplog.text


def test_m_begins_with_the_mean_face_and_landmarks_pull_at_it():
    stage = make_stage(make_recipe(), everything=False)
    face = torch.tensor(mean_keypoints(), dtype=torch.float32)
    batch = floats(make_batch(2 * SIZE))
    (seen,) = see(stage.networks["motion_extractor"], batch["source"])
    assert (seen.x - face).abs().max() < 0.3
    batch |= {"kp_source": face.expand(SOURCES, 21, 3), "kp_driving": face.expand(SOURCES, DRIVERS, 21, 3)}
    moved = batch["kp_driving"].clone()
    moved[..., list(GUIDED), :] -= 0.5
    near, far = (stage.losses({**batch, "kp_driving": kp}, 0).networks for kp in (batch["kp_driving"], moved))
    assert far["landmarks"] > 2 * near["landmarks"]


def test_head_poses_are_compared_in_degrees():
    stage = make_stage(make_recipe(losses={"head_pose": 1.0}, critics=Critics()), everything=False)
    batch = floats(make_batch(2 * SIZE))
    turned = get_rotation_matrix(torch.tensor([0.0]), torch.tensor([30.0]), torch.tensor([0.0]))
    straight = torch.eye(3)
    with torch.no_grad():
        terms = [
            stage.losses(
                batch | {"R_source": R.expand(SOURCES, 3, 3), "R_driving": R.expand(SOURCES, DRIVERS, 3, 3)}, 0
            )
            for R in (straight, turned[0])
        ]
    difference = terms[1].networks["head_pose"] - terms[0].networks["head_pose"]
    assert 6 < difference < 14  # one of three angles by 30 degrees, less what M is off by


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_cycle_of_training_export_and_loading(tmp_path, precision):
    recipe = make_recipe(precision=precision, critics=Critics(0, (8, 8)))
    stage = make_stage(recipe, everything=False)
    options = RunOptions(4, tmp_path, torch.device("cpu"), log_every=1, sample_every=4, save_every=4)
    trainer = Trainer(stage, recipe, options, seed=1)
    before = _total(stage)
    trainer.run(lambda first: Repeated(make_batch(2 * SIZE)))  # type: ignore[arg-type, return-value]
    assert _total(stage) < 0.9 * before
    assert list((tmp_path / "samples").glob("*.jpg"))

    trainer.export(tmp_path / "weights")
    for name, network in NETWORKS.items():
        path = (tmp_path / "weights" / MODELS["base"].files[name].path).with_suffix(".safetensors")
        loaded = network(**TINY[f"{name}_params"])
        load_strict(loaded, read_state(path), name)


def test_the_occlusion_map_is_left_out_of_autocast():
    """Its gradient in bfloat16 breaks the heap on some processors."""
    stage = make_stage(make_recipe(precision="bfloat16"), everything=False)
    motion = stage.networks["warping_module"].dense_motion_network
    seen = {}
    for name in ("mask", "occlusion"):
        getattr(motion, name).register_forward_hook(
            lambda _, inputs, result, name=name: seen.update({name: result.dtype})
        )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        stage.losses(floats(make_batch(2 * SIZE)), 0)
    assert seen == {"mask": torch.bfloat16, "occlusion": torch.float32}


def _total(stage: OfficialStage) -> float:
    """The sum of the terms, always with the same random transform."""
    torch.manual_seed(2)
    with torch.no_grad():
        return float(sum(stage.losses(floats(make_batch(2 * SIZE)), 0).networks.values()))


def test_what_is_exported_draws_what_was_trained(tmp_path):
    stage = make_stage(make_recipe(), everything=False)
    batch = floats(make_batch(2 * SIZE))
    stage.losses(batch, 0)  # spectral norm and batch norm have seen something
    stage.networks.eval()
    expected = stage.sample(stage.networks, batch)
    stage.export(stage.networks, tmp_path)
    again = make_stage(make_recipe(), everything=False)
    for name, network in again.networks.items():
        path = (tmp_path / MODELS["base"].files[name].path).with_suffix(".safetensors")
        load_strict(network, read_state(path), name)
    again.networks.eval()
    assert (again.sample(again.networks, batch) - expected).abs().max() < 0.01  # files are float16


def test_saving_memory_changes_no_gradient_and_no_buffer():
    results = []
    for saving in (False, True):
        stage = make_stage(make_recipe(), everything=False, save_memory=saving)
        torch.manual_seed(3)
        losses = stage.losses(floats(make_batch(2 * SIZE)), 0)
        torch.stack(list(losses.networks.values())).sum().backward()
        gradients = [weight.grad for weight in stage.networks.parameters()]
        buffers = [buffer for name, buffer in stage.networks.named_buffers() if "num_batches" not in name]
        results.append(gradients + buffers)
        assert all("forward" not in vars(module) for module in stage.networks.modules())
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in zip(*results, strict=True))


def test_smaller_batches_are_compared_at_their_own_size():
    stage = make_stage(make_recipe(size=SIZE))
    losses = stage.losses(floats(make_batch(SIZE)), 1)
    assert all(term.isfinite() for term in losses.networks.values())
    assert stage.sample(stage.networks, floats(make_batch(SIZE))).shape == (3, SIZE * DRIVERS, SIZE * 3)


def test_wrong_recipes_are_refused():
    with pytest.raises(InputError, match=r"no losses warp.*equivariance"):
        make_stage(make_recipe(losses={"warp": 1.0}))
    with pytest.raises(InputError, match=r"64 pixels.*got 32"):
        make_stage(make_recipe(size=32))
    with pytest.raises(InputError, match="unknown backbone 'vgg19'"):
        perceptual_loss("vgg19")


def test_backbones_of_recipes(tmp_path):
    assert perceptual_loss("none") is None
    path = tmp_path / "vgg19.pth"
    torch.save(vgg19().state_dict(), path)
    assert perceptual_loss(f"vgg19:{path}") is not None


def test_the_recipe_fits_the_full_architecture():
    recipe = load_recipe("base")
    with torch.device("meta"):
        stage = OfficialStage(load_model_config("base"), recipe)
    assert sum(weight.numel() for weight in stage.networks.parameters()) == 129_850_169
    assert stage.critics["regions"].sizes["lips"].size == 128
