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
    # the pipeline's arithmetic (absolute)
    "matrix": Tolerance(abs=1e-3),  # crop matrices, points and boxes, in pixels
    "ratio": Tolerance(abs=1e-5),  # ratios, rotations, keypoints, smoothing
    "x_d": Tolerance(abs=2e-5),
    "mask": Tolerance(abs=1 / 255 + 1e-6),
}
UINT8 = {
    "warped_max": 4,  # pictures that went through a warp: largest and mean difference
    "warped_mean": 0.15,
    "plain_max": 1,  # pictures that did not
}
