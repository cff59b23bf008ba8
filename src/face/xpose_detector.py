"""The animal detector: X-Pose, whose network is for non-commercial use and is fetched or brought by the user."""

from __future__ import annotations

import argparse
from pathlib import Path
from threading import Lock
from typing import Literal

import torch
from torch import Tensor

from ..errors import InputError, WeightsError
from ..modules.xpose.xpose import XPose
from ..weights.load import load_strict, read_state
from ..weights.resolve import resolve_face_model
from ..weights.xpose_layout import xpose_state
from .boxes import box_of
from .face import Face, Rgb, Scheme
from .sampling import check_rgb
from .xpose_input import to_input

AnimalPoints = Literal["animal_face_9", "animal_face_68"]

_SCHEMES = {"animal_face_9": Scheme.ANIMAL9, "animal_face_68": Scheme.LMK68}
_EMBEDDINGS = {"animal_face_9": "keypoints_9", "animal_face_68": "keypoints_68"}


class XPoseDetector:
    """Finds the facial points of the one animal that fits best.

    Args:
        network: X-Pose, ready to run.
        instance: (1, 512) embedding of "face".
        keypoints: (K, 512) embeddings of the points.
        scheme: what the points are.
        threshold: least score of a face for `detect` and `follow`, 0..1.
    """

    name = "xpose"

    def __init__(
        self, network: XPose, instance: Tensor, keypoints: Tensor, scheme: Scheme, threshold: float = 0.15
    ) -> None:
        self._network = network
        self._instance, self._keypoints = instance, keypoints
        self._scheme = scheme
        self._threshold = threshold
        self._turn = Lock()

    @classmethod
    def open(
        cls,
        weights_dir: Path | None,
        device: str = "cpu",
        *,
        points: AnimalPoints = "animal_face_9",
        threshold: float = 0.15,
        dtype: torch.dtype = torch.float32,
    ) -> XPoseDetector:
        """Make the detector from its files, which are fetched if need be.

        Args:
            weights_dir: folder in the official layout; None for the default one.
            device: "cpu", "mps" or "cuda:N".
            points: 9 points of an animal's face, or the 68 of a human one.
            threshold: least score of a face for `detect` and `follow`, 0..1.
            dtype: precision of the network; float32 is the one that picks the official points.

        Raises:
            InputError: no such set of points.
            WeightsError: files are missing and cannot be fetched, or do not fit.
        """
        if points not in _SCHEMES:
            raise InputError(f"there is no set of animal points {points!r}: choose one of {', '.join(_SCHEMES)}")
        files = resolve_face_model("xpose", weights_dir)
        instance, keypoints = _load_embeddings(files["embeddings"], _EMBEDDINGS[points])
        network = load_network(files["network"]).to(device, dtype)
        return cls(network, instance.to(device), keypoints.to(device), _SCHEMES[points], threshold)

    def best(self, rgb: Rgb) -> Face:
        """The points that fit an animal's face best, as the official runner takes them: there always are some.

        Args:
            rgb: (H, W, 3) uint8 RGB.

        Returns:
            A face whose `landmarks` are (K, 2) pixels, `box` the box around them and `score` the confidence.

        Raises:
            InputError: not a picture, or one too narrow.
        """
        check_rgb(rgb)
        height, width = rgb.shape[:2]
        with self._turn, torch.inference_mode():  # one picture at a time: each takes some hundred megabytes
            found = self._network(to_input(rgb).to(self._instance.device), self._instance, self._keypoints)
            top = found.logits.argmax()
            score, places = found.logits[top].sigmoid().item(), found.keypoints[top].cpu()
        landmarks = (places * torch.tensor([width, height])).numpy()
        return Face(box_of(landmarks), score, landmarks, self._scheme)

    def detect(self, rgb: Rgb) -> list[Face]:
        """The best face of a picture (H, W, 3) uint8 RGB if its score reaches the threshold, else nothing.

        Raises:
            InputError: not a picture, or one too narrow.
        """
        face = self.best(rgb)
        return [face] if face.score >= self._threshold else []

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The best face of the next frame, wherever it is; None below the threshold.

        Raises:
            InputError: not a picture, or one too narrow.
        """
        return next(iter(self.detect(rgb)), None)


def load_network(path: Path) -> XPose:
    """X-Pose in float32 on the CPU, ready to run, from the official file or a converted ``.safetensors``.

    Raises:
        WeightsError: the file cannot be read or does not fit.
    """
    content = read_state(path, also=(argparse.Namespace,))  # the training code leaves its options in the file
    with torch.device("meta"):  # no random weights, which would take longer than reading the file
        network = XPose()
    try:
        state = xpose_state(content, network.state_dict().keys())
    except WeightsError as error:
        raise WeightsError(f"'{path}': {error}") from error
    network.to_empty(device="cpu")
    load_strict(network, state, what=path.name)
    return network.eval().requires_grad_(False)


def _load_embeddings(path: Path, points: str) -> tuple[Tensor, Tensor]:
    """Embeddings of "face", (1, 512), and of the points, (K, 512), float32."""
    entries = read_state(path)
    missing = {"instance", points} - set(entries)
    if missing:
        raise WeightsError(f"'{path}' holds no {' and no '.join(sorted(missing))}: fetch it again")
    return entries["instance"].float(), entries[points].float()
