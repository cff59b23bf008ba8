import shutil

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from src.benchmark import distances
from src.benchmark.inputs import random_inputs
from src.benchmark.onnx_graphs import compare_graphs, time_graphs
from src.engine.checkpoints import Checkpoints
from src.engine.create import create_engine
from src.engine.onnx import export
from src.engine.onnx.export import check_exporter, export_graphs, write_graph
from src.engine.onnx.graphs import graphs_of
from src.errors import InputError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def inputs(narrow):
    return random_inputs(create_engine(narrow, CPU, "eager"), 3)


@pytest.mark.slow
def test_graphs_compute_what_the_networks_do(narrow, graphs, inputs):
    figures = list(compare_graphs(narrow, graphs, {"random": inputs}))
    assert {(figure.graph, figure.batch_size) for figure in figures} == {
        (file.stem, n) for file in graphs.glob("*.onnx") for n in (1, 3)
    }
    assert all(figure.distances.passes for figure in figures), figures


@pytest.mark.slow
def test_graphs_hold_standard_operators_for_any_batch(graphs):
    for file in graphs.glob("*.onnx"):
        model = onnx.load(file)
        assert {(entry.domain, entry.version) for entry in model.opset_import if entry.domain == ""} == {("", 20)}
        assert {node.domain for node in model.graph.node} == {""}
        for value in (*model.graph.input, *model.graph.output):
            assert value.type.tensor_type.shape.dim[0].dim_param, (file.stem, value.name)
            assert not any(size.dim_param for size in value.type.tensor_type.shape.dim[1:])


@pytest.mark.slow
def test_a_changed_graph_is_found(narrow, graphs, inputs, tmp_path):
    folder = shutil.copytree(graphs, tmp_path / "graphs")
    model = onnx.load(folder / "stitching.onnx")
    weight = model.graph.initializer[0]
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(1.01), weight.name))
    onnx.save(model, folder / "stitching.onnx")
    figures = list(compare_graphs(narrow, folder, {"random": inputs}, (1,)))
    assert [figure.graph for figure in figures if not figure.distances.passes] == ["stitching"]


@pytest.mark.slow
def test_rounding_is_judged_by_float64(narrow, graphs, inputs, monkeypatch):
    """With no room for rounding at all, most graphs are asked about; float64 is closer to both than they are apart."""
    monkeypatch.setattr(distances, "TOLERANCE", 0)
    figures = list(compare_graphs(narrow, graphs, {"random": inputs}, (3,)))
    asked = [figure.distances for figure in figures if figure.distances.words]
    assert {"appearance", "warp_decode", "stitching"} <= {figure.graph for figure in figures if figure.distances.words}
    assert all(0 < figure.exact < 1e-4 and 0 < figure.eager_exact < 1e-4 for figure in asked), asked


@pytest.mark.slow
def test_times(narrow, graphs, inputs):
    times = {(time.graph, time.batch_size): time for time in time_graphs(narrow, graphs, inputs, runs=1)}
    assert set(times[("warp_decode", 1)].ms) == {"onnx", "eager", "fused"}
    assert set(times[("motion", 8)].ms) == {"onnx", "eager"}
    assert times[("stitching", 1)].size == (graphs / "stitching.onnx").stat().st_size


@pytest.mark.slow
def test_large_weights_lie_beside_the_graph(narrow, graphs, inputs, tmp_path, monkeypatch):
    folder = shutil.copytree(graphs, tmp_path / "graphs")
    builders = graphs_of(narrow.name, Checkpoints(narrow.files, narrow.config, CPU))
    monkeypatch.setattr(export, "_LARGE", 0)
    for name in ("motion", "stitching"):
        assert not (folder / f"{name}.onnx.data").exists()
        write_graph(builders[name](), folder / f"{name}.onnx")
        assert (folder / f"{name}.onnx.data").is_file()
    figures = list(compare_graphs(narrow, folder, {"random": inputs}, (1,)))
    assert len(figures) == 6 and all(figure.distances.passes for figure in figures)


def test_an_unfinished_export_leaves_no_record(narrow, tmp_path):
    (tmp_path / "graphs.json").write_text("{}")
    next(export_graphs(narrow, tmp_path))
    assert not (tmp_path / "graphs.json").exists()


def test_the_exporter_is_missing(monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == "onnxscript" else object())
    with pytest.raises(InputError, match=r'needs onnxscript: pip install "liveportrait\[onnx\]"'):
        check_exporter()
