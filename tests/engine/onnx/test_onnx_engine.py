import shutil

import numpy as np
import pytest
import torch

from src.benchmark.inputs import random_inputs
from src.engine.create import create_engine
from src.engine.onnx.record import default_folder
from src.errors import InputError, MissingFileError, WeightsError
from src.weights.resolve import ResolvedModel, resolve_model
from tests.tolerances import FLOAT32

from .conftest import write_narrow_model

CPU = torch.device("cpu")


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=FLOAT32["exported"].abs)


@pytest.mark.slow
def test_the_same_pictures_as_eager(narrow, graphs):
    eager, ours = (create_engine(narrow, CPU, name) for name in ("eager", "onnx"))
    inputs = random_inputs(eager, 3)
    for name, value in eager.get_kp_info(inputs.driving, refine=False).items():
        close(ours.get_kp_info(inputs.driving, refine=False)[name], value)
    wanted, found = (e.warp_decode(e.encode_source(inputs.source), inputs.x_s, inputs.x_d) for e in (eager, ours))
    assert wanted.keys() == found.keys()
    for name, value in wanted.items():
        close(found[name], value)
    drawn, plain = (e.draw(e.encode_source(inputs.source), inputs.x_s, inputs.x_d) for e in (ours, eager))
    assert drawn.dtype == np.uint8 and np.abs(drawn.astype(int) - plain).max() <= 1


def test_no_graphs(narrow, tmp_path):
    with pytest.raises(MissingFileError, match=r"make them with: python export_onnx.py --model base --weights_dir '"):
        create_engine(ResolvedModel("base", tmp_path, narrow.files, narrow.config), CPU, "onnx")


def test_no_graphs_of_what_ships(tmp_path):
    with pytest.raises(MissingFileError, match="no ONNX graphs of 'compact' in "):
        create_engine(resolve_model("compact", tmp_path), CPU, "onnx")


@pytest.mark.slow
def test_graphs_of_other_weights(graphs, tmp_path):
    other = write_narrow_model(tmp_path, seed=1)
    shutil.copytree(graphs, default_folder(other))
    with pytest.raises(WeightsError, match=r"are of other weights \(appearance_feature_extractor, motion_extractor, "):
        create_engine(other, CPU, "onnx")


@pytest.mark.slow
def test_a_missing_graph(narrow, graphs, tmp_path):
    copied = write_narrow_model(tmp_path)
    shutil.copytree(graphs, default_folder(copied))
    (default_folder(copied) / "motion.onnx").unlink()
    with pytest.raises(MissingFileError, match=r"motion.onnx' is not there: make the graphs again with: python"):
        create_engine(copied, CPU, "onnx").get_kp_info(torch.rand(1, 3, 256, 256))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [({"precision": "bfloat16"}, "--precision bfloat16"), ({"compile_networks": True}, "--flag_do_torch_compile")],
)
def test_options_that_do_nothing(narrow, graphs, options, words):
    with pytest.raises(InputError, match=f"{words} does nothing for --engine onnx"):
        create_engine(narrow, CPU, "onnx", **options)
