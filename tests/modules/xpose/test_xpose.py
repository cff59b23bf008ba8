"""The whole network against the official one. See the goldens' two kinds of weights in tests/parity/fill_xpose.py."""

import copy

import numpy as np
import pytest
import torch

from src.modules.xpose import query_selection
from src.modules.xpose.layers import in_chunks
from src.modules.xpose.xpose import token_count
from tests.parity import fill_xpose

from .conftest import assert_close, assert_sampled, load

STAGES, E2E = load("stages"), load("e2e")
PICTURE = torch.from_numpy(fill_xpose.normalised(fill_xpose.image_u8(230, 426, 1)))
TOKENS = 2111


def embeddings(k):
    return (torch.from_numpy(rows) for rows in fill_xpose.clip_like(k, 1))


class Recorder:
    """Inputs and outputs of submodules while the network runs with the golden selection in place of its own."""

    def __init__(self, network, k):
        self.seen, self.scores = {}, []
        names = ["backbone.0", "projection", "projection_kpt", "transformer.encoder", "transformer.enc_output_norm"]
        names += [f"transformer.decoder.layers.{i}" for i in range(6)]
        hooks = [network.get_submodule(name).register_forward_hook(self._note(name)) for name in names]
        chosen = iter([STAGES["enc_top900"], STAGES["dec_top50"]])

        def select(scores, k):
            self.scores.append(scores)
            indices = torch.from_numpy(next(chosen).astype(np.int64))
            assert len(indices) == k
            return indices

        with pytest.MonkeyPatch.context() as patch, torch.no_grad():
            patch.setattr(query_selection, "top_indices", select)
            self.result = network(PICTURE, *embeddings(k))
        for hook in hooks:
            hook.remove()

    def _note(self, name):
        def hook(module, inputs, output):
            self.seen[name] = (inputs, output)

        return hook

    def inputs(self, name):
        return self.seen[name][0]

    def output(self, name):
        return self.seen[name][1]

    def layer(self, index):
        return f"transformer.decoder.layers.{index}"


@pytest.fixture(scope="module")
def recorders(network):
    return {k: Recorder(network, k) for k in (9, 68)}


@pytest.fixture(scope="module")
def recorder(recorders):
    return recorders[9]


def test_backbone(recorder):
    for i, feature in enumerate(recorder.output("backbone.0"), start=1):
        assert tuple(feature.shape) == tuple(STAGES[f"feat{i}_shape"])
        assert_sampled(feature, STAGES[f"feat{i}_s97"], 97, "xpose_feature")


def test_what_enters_the_encoder(recorder):
    tokens, position, levels, text = recorder.inputs("transformer.encoder")
    assert levels == [tuple(level) for level in STAGES["level_shapes"].tolist()]
    assert tokens.shape == position.shape == (TOKENS, 256)
    assert_sampled(tokens, STAGES["src_s101"], 101, "xpose_feature")
    assert_sampled(position, STAGES["pos_s101"], 101, "xpose_feature")
    assert_close(text.flatten(), STAGES["text_in"].reshape(-1), "xpose_feature")


def test_encoder(recorder):
    memory, text = recorder.output("transformer.encoder")
    assert_sampled(memory, STAGES["memory_s61"], 61, "xpose_memory")
    assert_close(text.flatten(), STAGES["text_out"].reshape(-1), "xpose_memory")


def test_selection(recorder, network):
    seen = recorder.output("transformer.enc_output_norm")
    assert_sampled(seen, STAGES["enc_norm_s101"], 101, "xpose_memory")
    assert_close(recorder.scores[0], STAGES["enc_score"], "xpose_score")
    assert_close(network.transformer.enc_out_bbox_embed(seen), STAGES["enc_box_delta"], "xpose_memory")


def test_box_layers(recorder, network):
    for i in (0, 1):
        _, _, reference, *_ = recorder.inputs(recorder.layer(i))
        assert_close(reference[0], STAGES[f"ref{i}"], "xpose_place")
        state = network.transformer.decoder.norm(recorder.output(recorder.layer(i)))
        assert_sampled(state, STAGES[f"hs{i}_s53"], 53, "xpose_query")
    assert_close(recorder.scores[1], STAGES["dec_score"], "xpose_score")


@pytest.mark.parametrize("k", [9, 68])
def test_pose_layers(recorders, network, k):
    recorder = recorders[k]
    assert_sampled(recorder.output("projection_kpt"), STAGES[f"kpt_in_{k}_s11"], 11, "xpose_feature")
    for i in (2, 4):
        _, _, reference, *_ = recorder.inputs(recorder.layer(i))
        assert_close(reference[::7], STAGES[f"ref{i}_{k}"], "xpose_place")
    for i in (2, 5):
        state = network.transformer.decoder.norm(recorder.output(recorder.layer(i)))
        assert state.shape == (50, 1 + k, 256)
        assert_sampled(state, STAGES[f"hs{i}_{k}_s59"], 59, "xpose_query")


@pytest.mark.parametrize("k", [9, 68])
def test_result_of_the_golden_selection(recorders, k):
    result = recorders[k].result
    assert_close(result.logits, STAGES[f"logits_{k}"], "xpose_score")
    assert_close(result.boxes, STAGES[f"boxes_{k}"], "xpose_place")
    assert_close(result.keypoints, STAGES[f"kpts_{k}"], "xpose_place")


@pytest.fixture(scope="module")
def tied_results(tied):
    with torch.no_grad():
        return {k: tied(PICTURE, *embeddings(k)) for k in (9, 68)}


@pytest.mark.parametrize("k", [9, 68])
def test_end_to_end(tied_results, k):
    result = tied_results[k]
    order = result.logits.argsort(descending=True)
    assert_close(result.logits[order], E2E[f"logits_{k}"], "xpose_score")
    assert_close(result.boxes[order], E2E[f"boxes_{k}"], "xpose_place")
    assert_close(result.keypoints[order], E2E[f"kpts_{k}"], "xpose_place")
    assert_close(result.keypoints[order[0]] * torch.tensor([426, 230]), E2E[f"points_{k}"], "xpose_pixel")


def test_a_picture_of_odd_size(tied):
    """Padding of cells, windows and halves at once, and a stage that is one window high."""
    result = tied(torch.randn(1, 3, 161, 747, generator=torch.Generator().manual_seed(0)), *embeddings(9))
    assert token_count(161, 747) == 21 * 94 + 11 * 47 + 6 * 24 + 3 * 12
    assert all(value.isfinite().all() for value in result)
    assert ((result.keypoints >= 0) & (result.keypoints <= 1)).all()


def test_token_count():
    assert token_count(230, 426) == TOKENS


def test_chunks_change_nothing():
    x = torch.randn(9001, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(in_chunks(lambda part: part * 2, x), x * 2)


def test_bfloat16_finds_nearly_the_same_points(tied):
    half = copy.deepcopy(tied).bfloat16()
    result = half(PICTURE, *embeddings(9))
    assert {value.dtype for value in result} == {torch.float32}
    points = result.keypoints[result.logits.argmax()] * torch.tensor([426, 230])
    assert np.abs(points.numpy() - E2E["points_9"]).max() < 8  # pixels
