"""One table of tolerances for every comparison with golden numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """Largest allowed difference: relative to the golden tensor's largest value, or absolute."""

    rel: float | None = None
    abs: float | None = None
    stats_rel: float | None = None


FLOAT32 = {
    # networks against the official modules (relative)
    "F": Tolerance(rel=2e-5, stats_rel=2e-5),
    "M": Tolerance(rel=2e-5, stats_rel=2e-5),
    "W": Tolerance(rel=1e-4, stats_rel=2e-5),
    "G": Tolerance(rel=1e-4, stats_rel=2e-5),
    "warp_decode": Tolerance(rel=1e-4, stats_rel=2e-5),
    "SR": Tolerance(rel=5e-6, stats_rel=2e-5),
    "blocks": Tolerance(rel=5e-6, stats_rel=2e-5),
    "geometry": Tolerance(rel=5e-6, stats_rel=2e-5),
    # compact networks against their oracle (absolute)
    "compact_motion": Tolerance(abs=1e-5),
    "compact_network": Tolerance(abs=1e-4),
    "compact_picture": Tolerance(abs=5e-4),
    "cascade_sum": Tolerance(abs=1e-4),  # of 100 stumps
    "compact_batch": Tolerance(abs=2e-5),  # a frame alone and among others
    "compact_paint": Tolerance(abs=3e-5),  # shares of 0..1
    "compact_texture": Tolerance(abs=5e-6),  # the texture of mouths, pictures of 0..1; measured: 1.2e-6
    "compact_warp": Tolerance(abs=0.02),  # levels of 0..255, warped by OpenCV
    "compact_composed": Tolerance(abs=0.025),  # the same with residual and paint
    # other forms of the same networks against the plain ones
    "fused": Tolerance(abs=1e-4),  # whole networks; measured: 4e-5 with random weights
    "exported": Tolerance(abs=1e-4),  # the same under ONNX Runtime
    "reordered": Tolerance(rel=1e-5, abs=1e-5),  # their parts
    "tiled": Tolerance(abs=5e-6),  # one tiled convolution of values of size 1, root of the mean square
    "winograd": Tolerance(rel=2e-6),  # the same as a share of the result's
    "differences": Tolerance(rel=4e-7),  # the same for tilings that only take differences
    "gathered": Tolerance(rel=2e-5),  # the same as it is exported, largest
    "axes": Tolerance(abs=5e-7),  # samples along the axes, against float64
    "frequency": Tolerance(rel=2e-6),  # one convolution in the frequency domain
    # the pipeline's arithmetic (absolute)
    "matrix": Tolerance(abs=1e-3),  # crop matrices, points and boxes, in pixels
    "ratio": Tolerance(abs=1e-5),  # ratios, rotations, keypoints, smoothing
    "x_d": Tolerance(abs=2e-5),
    "motion": Tolerance(abs=1e-6),  # of the same meshes in other batches
    # X-Pose against the official model (absolute)
    "xpose_sampling": Tolerance(abs=1e-5),  # one deformable attention, encodings
    "xpose_feature": Tolerance(abs=5e-5),  # backbone and projections
    "xpose_memory": Tolerance(abs=2e-4),  # encoder
    "xpose_score": Tolerance(abs=2e-4),  # of tokens and queries, and the final logits
    "xpose_place": Tolerance(abs=5e-5),  # references, boxes, keypoints, as fractions of the picture
    "xpose_query": Tolerance(abs=5e-4),  # states of the decoder
    "xpose_pixel": Tolerance(abs=0.02),
    "xpose_input": Tolerance(abs=1e-4),  # the resized picture; one step of uint8 is 0.02
    "mask": Tolerance(abs=1 / 255 + 1e-6),
}
FLOAT64 = {
    "rewrite": Tolerance(rel=1e-11),  # the same in real arithmetic; relative to the largest value, or to 1
    "sum": Tolerance(abs=1e-12),  # of a few shares
}
BFLOAT16 = {
    "rounded": Tolerance(rel=0.004),  # one rounding of the largest value
    "tiled_by_plain": Tolerance(rel=5),  # a tiled convolution's error as a multiple of a plain one's
    "hourglass": Tolerance(rel=1e-3),  # mean square error as a share of the mean square
    "warp": Tolerance(rel=0.05),  # the same
    "mean": Tolerance(abs=0.01),  # mean difference of pictures in 0..1
}
UINT8 = {
    "warped_max": 4,  # pictures that went through a warp: largest and mean difference
    "warped_mean": 0.15,
    "plain_max": 1,  # pictures that did not
}
