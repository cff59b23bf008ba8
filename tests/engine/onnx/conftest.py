"""A model of the official layout with narrow networks, and its graphs."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from src.benchmark.random_weights import HEADS, NETWORKS, _filled
from src.config.model_config import load_model_config
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.weights.resolve import ResolvedModel

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


def narrow_config() -> dict:
    config = load_model_config("base")
    volume = {"reshape_channel": 4, "reshape_depth": 4}
    config["appearance_feature_extractor_params"] |= {
        "block_expansion": 8,
        "max_features": 16,
        "num_down_blocks": 3,
        "num_resblocks": 1,
        **volume,
    }
    config["motion_extractor_params"] |= {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16]}
    dense = {"block_expansion": 4, "max_features": 8, "num_blocks": 2, "reshape_depth": 4, "compress": 2}
    config["warping_module_params"] |= {
        "block_expansion": 4,
        "max_features": 16,
        "reshape_channel": 4,
        "dense_motion_params": dense,
    }
    config["spade_generator_params"] |= {"block_expansion": 4, "num_middle": 1, "out_channels": 8, "spade_hidden": 8}
    return config


def write_narrow_model(folder: Path, seed: int = 0) -> ResolvedModel:
    config, generator = narrow_config(), torch.Generator().manual_seed(seed)
    files = {role: folder / "narrow" / f"{role}.safetensors" for role in (*NETWORKS, HEADS)}
    (folder / "narrow").mkdir(exist_ok=True)
    for role, build in NETWORKS.items():
        save_file(_filled(build(**config[f"{role}_params"]).state_dict(), generator), files[role])
    heads = {}
    for head, sizes in config[f"{HEADS}_params"].items():
        state = _filled(StitchingRetargetingNetwork(**sizes).state_dict(), generator)
        heads |= {f"{head}.{key}": value for key, value in state.items()}
    save_file(heads, files[HEADS])
    return ResolvedModel("base", folder, files, config)


@pytest.fixture(scope="session")
def narrow(tmp_path_factory) -> ResolvedModel:
    return write_narrow_model(tmp_path_factory.mktemp("narrow"))


@pytest.fixture(scope="session")
def graphs(narrow) -> Path:
    """The folder with its graphs, in the default place; do not write to it. Takes half a minute: mark tests slow."""
    from src.engine.onnx.export import export_graphs
    from src.engine.onnx.record import default_folder

    folder = default_folder(narrow)
    assert list(export_graphs(narrow, folder)) == [
        "appearance",
        "motion",
        "warp_decode",
        "stitching",
        "retarget_eye",
        "retarget_lip",
    ]
    return folder
