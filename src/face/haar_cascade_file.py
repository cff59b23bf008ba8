"""The file in which Haar cascades are kept, and how it was made from OpenCV's XML files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..errors import WeightsError
from .haar_cascade import HaarCascade, make_stage

_PARTS = ("rectangles", "weights", "tilted", "thresholds", "leaves", "stage_lengths", "stage_thresholds")


def load_cascade(path: Path, name: str) -> HaarCascade:
    """One of the cascades in a file.

    Args:
        path: a `.safetensors` file as `convert_cascades` writes it.
        name: which cascade.

    Raises:
        WeightsError: the file is missing or is not such a file.
    """
    try:
        tensors = load_file(path)
        rectangles, weights, tilted, thresholds, leaves, lengths, least = (tensors[f"{name}.{part}"] for part in _PARTS)
    except (OSError, SafetensorError, KeyError) as error:
        raise WeightsError(f"cannot read the cascade {name!r} from '{path}': {error}") from error
    ends = np.cumsum(lengths, dtype=int)
    parts = [slice(end - length, end) for end, length in zip(ends, lengths.astype(int), strict=True)]
    return HaarCascade(
        [
            make_stage(rectangles[part], weights[part], tilted[part], thresholds[part], leaves[part], float(value))
            for part, value in zip(parts, least, strict=True)
        ]
    )


def convert_cascades(sources: Mapping[str, Path], target: Path) -> None:
    """Put OpenCV's cascades into one small file, number by number; each stump gets its feature.

    Args:
        sources: name of the cascade -> XML file of trees with one node each ("opencv_traincascade" format, HAAR).
        target: the `.safetensors` file to write.
    """
    tensors: dict[str, NDArray] = {}
    for name, source in sources.items():
        parts = _read_xml(source)
        tensors |= {f"{name}.{part}": np.ascontiguousarray(parts[part]) for part in _PARTS}
    save_file(tensors, target)


def _read_xml(source: Path) -> dict[str, NDArray]:
    root = ElementTree.parse(source).getroot()[0]
    stages = root.findall("stages/_")
    stumps = [stump for stage in stages for stump in stage.findall("weakClassifiers/_")]
    nodes = np.array([_numbers(stump, "internalNodes") for stump in stumps])  # (N, 4): left, right, feature, threshold
    features = root.findall("features/_")
    chosen = [features[int(number)] for number in nodes[:, 2]]
    rows = np.zeros((len(chosen), 3, 5))
    for row, feature in zip(rows, chosen, strict=True):
        rectangles = [[float(v) for v in (rectangle.text or "").split()] for rectangle in feature.findall("rects/_")]
        row[: len(rectangles)] = rectangles
    return {
        "rectangles": rows[..., :4].astype(np.uint8),
        "weights": rows[..., 4].astype(np.int8),
        "tilted": np.array([_numbers(feature, "tilted")[0] for feature in chosen], np.uint8),
        "thresholds": nodes[:, 3].astype(np.float32),
        "leaves": np.array([_numbers(stump, "leafValues") for stump in stumps], np.float32),
        "stage_lengths": np.array([len(stage.findall("weakClassifiers/_")) for stage in stages], np.uint8),
        "stage_thresholds": np.array([_numbers(stage, "stageThreshold")[0] for stage in stages], np.float32),
    }


def _numbers(element: ElementTree.Element, tag: str) -> list[float]:
    return [float(value) for value in (element.findtext(tag) or "").split()]
