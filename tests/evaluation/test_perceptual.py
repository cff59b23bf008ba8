import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from src.errors import WeightsError
from src.evaluation.perceptual import Perceptual

PICTURE = [1, 3, 256, 256]


def write(path, operator="ReduceMean", inputs=("a", "b"), shape=PICTURE, **how):
    """A distance: what the operator makes of the difference of two pictures."""
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in inputs]
    nodes = [
        helper.make_node("Sub", [inputs[0], inputs[-1]], ["difference"]),
        helper.make_node(operator, ["difference"], ["distance"], **how),
    ]
    result = helper.make_tensor_value_info("distance", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "distance", given, [result])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_a_distance(tmp_path):
    distance = Perceptual(write(tmp_path / "mean.onnx", keepdims=0)).distance
    dark, bright = np.zeros((256, 256, 3), np.uint8), np.full((256, 256, 3), 255, np.uint8)
    assert (distance(bright, dark), distance(dark, bright), distance(dark, dark)) == (pytest.approx(2), -2, 0)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"inputs": ("a",)}, "1 input"),
        ({"operator": "Abs"}, r"\(1, 3, 256, 256\)"),  # a map is no number
        ({"shape": [1, 3, 64, 64]}, "cannot compare two pictures"),
    ],
)
def test_what_is_no_distance_is_refused_at_once(tmp_path, how, words):
    with pytest.raises(WeightsError, match=f"other.onnx.*{words}"):
        Perceptual(write(tmp_path / "other.onnx", **how))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WeightsError, match=r"--lpips .*nowhere.* is not there"):
        Perceptual(tmp_path / "nowhere")
