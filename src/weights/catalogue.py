"""The catalogue of weights: which files a model needs, where they come from, how to know them, who may use them."""

from collections.abc import Mapping
from dataclasses import dataclass

OFFICIAL_REPO = "KwaiVGI/LivePortrait"
_MIT = "MIT"
_NON_COMMERCIAL = "non-commercial research only"
_SHARE_ALIKE = "CC BY-NC-SA 4.0"
_APACHE = "Apache-2.0"
_BSD = "BSD-3-Clause"
_XPOSE_TERMS = "non-commercial (X-Pose)"


@dataclass(frozen=True)
class WeightFile:
    """One file of weights.

    Attributes:
        path: Place relative to a weights folder, with forward slashes; also its name in the hub repository.
        size: Bytes, or None where they were never published.
        sha256: Hex digest, or None where it was never published: the first download then sets it for the folder.
        licence: Who may use the file.
        repo: Hub repository to fetch it from, or None for a file that ships with the project.
    """

    path: str
    size: int | None
    sha256: str | None
    licence: str
    repo: str | None = OFFICIAL_REPO


@dataclass(frozen=True)
class ModelEntry:
    """A model, or a stack of face networks, and its files.

    Attributes:
        name: What the command line calls it.
        files: Role of a file (for a network: the name of its module) -> file.
        licence: Licence of the whole: that of its strictest file.
        origin: Who made it.
        config: Name of the model definition in ``src/config/models``, or None for face networks.
        note: One clause for the log.
    """

    name: str
    files: Mapping[str, WeightFile]
    licence: str
    origin: str
    config: str | None
    note: str = ""

    @property
    def size(self) -> int:
        """Sum of the published sizes, in bytes."""
        return sum(file.size or 0 for file in self.files.values())


def _shipped(path: str, size: int, sha256: str, licence: str) -> WeightFile:
    return WeightFile(path, size, sha256, licence, repo=None)


def _animals(network: str) -> WeightFile:
    return WeightFile(f"liveportrait_animals/base_models_v1.1/{network}.pth", None, None, _MIT)


_OFFICIAL_STITCHING = WeightFile(
    "liveportrait/retargeting_models/stitching_retargeting_module.pth",
    2393098,
    "3652d5a3f95099141a56986aaddec92fadf0a73c87a20fac9a2c07c32b28b611",
    _MIT,
)

_BASE = ModelEntry(
    name="base",
    files={
        "appearance_feature_extractor": WeightFile(
            "liveportrait/base_models/appearance_feature_extractor.pth",
            3387959,
            "5279bb8654293dbdf327030b397f107237dd9212fb11dd75b83dfb635211ceb5",
            _MIT,
        ),
        "motion_extractor": WeightFile(
            "liveportrait/base_models/motion_extractor.pth",
            112545506,
            "251e6a94ad667a1d0c69526d292677165110ef7f0cf0f6d199f0e414e8aa0ca5",
            _MIT,
        ),
        "warping_module": WeightFile(
            "liveportrait/base_models/warping_module.pth",
            182180086,
            "2f61a6f265fe344f14132364859a78bdbbc2068577170693da57fb96d636e282",
            _MIT,
        ),
        "spade_generator": WeightFile(
            "liveportrait/base_models/spade_generator.pth",
            221813590,
            "4780afc7909a9f84e24c01d73b31a555ef651521a1fe3b2429bd04534d992aee",
            _MIT,
        ),
        "stitching_retargeting_module": _OFFICIAL_STITCHING,
    },
    licence=_MIT,
    origin="LivePortrait's authors (Kuaishou)",
    config="base",
    note="the official LivePortrait for human faces",
)

_ANIMALS = ModelEntry(
    name="animals",
    # The official animal networks are used with the human stitching file.
    files={
        "appearance_feature_extractor": _animals("appearance_feature_extractor"),
        "motion_extractor": _animals("motion_extractor"),
        "warping_module": _animals("warping_module"),
        "spade_generator": _animals("spade_generator"),
        "stitching_retargeting_module": _OFFICIAL_STITCHING,
    },
    licence=_MIT,
    origin="LivePortrait's authors (Kuaishou)",
    config="base",
    note="the official LivePortrait for cats and dogs",
)

_COMPACT = ModelEntry(
    name="compact",
    files={
        "appearance_feature_extractor": _shipped(
            "compact/appearance_feature_extractor.safetensors",
            196008,
            "d4103c27b81827e979f08b2cdd35c827e71efa065f85f53019429fa162538a75",
            _SHARE_ALIKE,
        ),
        "warping_module": _shipped(
            "compact/warping_module.safetensors",
            1814920,
            "e528678dbde3e95101593706b23a5b7176700d16422fa6cc9646ff195dd5be89",
            _SHARE_ALIKE,
        ),
        "spade_generator": _shipped(
            "compact/spade_generator.safetensors",
            2484434,
            "85b1dd1eef095cde727cf6d7221074c09283cafae5e02cca56ed87a8c4f17336",
            _SHARE_ALIKE,
        ),
        "stitching_retargeting_module": _shipped(
            "compact/stitching_retargeting.safetensors",
            456822,
            "08cfd3fbce05cff45a1de837d3d63d949e80b9b24e99ca00c9a5f5edf48e0ba1",
            _SHARE_ALIKE,
        ),
    },
    licence=_SHARE_ALIKE,
    origin="this project",
    config="compact",
    note="the small model that ships with this project",
)

_MEDIAPIPE = ModelEntry(
    name="mediapipe",
    files={
        "short_range": _shipped(
            "mediapipe/face_detection_short_range.onnx",
            414691,
            "73443d163f26e7cb4df8b504ad13343f7b8ed77a81cb9b6c112c99bd1065d0fc",
            _APACHE,
        ),
        "full_range": _shipped(
            "mediapipe/face_detection_full_range.onnx",
            2075107,
            "75a6487aa555271adbbac429106a0748269cfbb52f469a4125e4bd2136f1fb57",
            _APACHE,
        ),
        "mesh": _shipped(
            "mediapipe/face_landmark_with_attention.onnx",
            4810664,
            "cc735678f7bb17fa3cd34aba27f3246fe4ba50270ca7bb9eaca1a38b350fce98",
            _APACHE,
        ),
    },
    licence=_APACHE,
    origin="Google, MediaPipe",
    config=None,
)

_CATFACE = ModelEntry(
    name="catface",
    files={
        "cascades": _shipped(
            "catface/frontal_cat_face.safetensors",
            70196,
            "c01efc471b93ea8d8a5222fbbe7c40f4a3bcb4386b6b26f0090021058103c69b",
            _BSD,
        ),
    },
    licence=_BSD,
    origin="Joseph Howse",
    config=None,
)

_INSIGHTFACE = ModelEntry(
    name="insightface",
    files={
        "detector": WeightFile(
            "insightface/models/buffalo_l/det_10g.onnx",
            16923827,
            "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
            _NON_COMMERCIAL,
        ),
        "landmarks106": WeightFile(
            "insightface/models/buffalo_l/2d106det.onnx",
            5030888,
            "f001b856447c413801ef5c42091ed0cd516fcd21f2d6b79635b1e733a7109dbf",
            _NON_COMMERCIAL,
        ),
        "landmarks203": WeightFile(
            "liveportrait/landmark.onnx",
            114666491,
            "31d22a5041326c31f19b78886939a634a5aedcaa5ab8b9b951a1167595d147db",
            _MIT,
        ),
    },
    licence=_NON_COMMERCIAL,
    origin="InsightFace (detector, 106 points) and LivePortrait's authors (203 points)",
    config=None,
)

_XPOSE = ModelEntry(
    name="xpose",
    files={
        "network": WeightFile("liveportrait_animals/xpose.pth", None, None, _XPOSE_TERMS),
        "embeddings": _shipped(
            "xpose/clip_embeddings.safetensors",
            80104,
            "5aaaa02df44c008512ff261d6d5e8194a4eb8f7622ce11fcc08647940bbb9531",
            _MIT,
        ),
    },
    licence=_XPOSE_TERMS,
    origin="X-Pose's authors (IDEA)",
    config=None,
)

MODELS: Mapping[str, ModelEntry] = {entry.name: entry for entry in (_BASE, _COMPACT, _ANIMALS)}
FACE_MODELS: Mapping[str, ModelEntry] = {entry.name: entry for entry in (_MEDIAPIPE, _INSIGHTFACE, _XPOSE, _CATFACE)}
