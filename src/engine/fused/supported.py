"""Which G can be rearranged: the fused engine's and the exported form take the same ones."""

from __future__ import annotations

from typing import cast

from ...errors import InputError
from ...modules.blocks import SPADEResnetBlock
from ...modules.spade_generator import SPADEDecoder


def check_generator(network: SPADEDecoder) -> None:
    """Refuse a G that is not built like the published one.

    Raises:
        InputError: its kernels are not 3 x 3, or it has not two up stages that narrow the map.
    """
    stages = [cast(SPADEResnetBlock, network.get_submodule(f"up_{i}")) for i in range(network.num_up)]
    kernel = network.fc.kernel_size
    if len(stages) != 2 or kernel != (3, 3) or not all(stage.learned_shortcut for stage in stages):
        narrow, size = sum(stage.learned_shortcut for stage in stages), " x ".join(map(str, kernel))
        raise InputError(
            f"the generator has {len(stages)} up stages, {narrow} of which narrow the map, and {size} kernels; "
            "only two that do and 3 x 3 kernels can be fused or exported: use --engine eager"
        )
