"""The tasks' rendered worlds, with the recipe of each: what `--scale mini` and `--scale smoke` run on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from videoda_train.recipes.config import TrainOptions
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.miniature import MiniatureConfig, make_e2h

Size = Literal["mini", "smoke"]

RGB_WEIGHTS = Path(__file__).parent / "miniature" / "weights" / "i3d-tiny-rgb.safetensors"
FLOW_WEIGHTS = RGB_WEIGHTS.with_name("i3d-tiny-flow.safetensors")
"""What `videoda-bench pretrain` made: the miniature's stand-ins for Kinetics weights."""


@dataclass(frozen=True)
class Miniature:
    """A rendered world and what is trained on it; `depth` is the folder of the stills' depth maps in the world."""

    make_world: Callable[..., Any]
    options: TrainOptions
    depth: str | None = None

    def make(self, folder: Path) -> None:
        """Make the world in `folder`; a complete one is kept."""
        self.make_world(folder)

    def options_in(self, folder: Path) -> TrainOptions:
        """Return the recipe with the world's depth maps."""
        if self.depth is None:
            return self.options
        return replace(self.options, motion=replace(self.options.motion, depth=f"dir:{folder / self.depth}"))


def _two_stream(options: TrainOptions) -> TrainOptions:
    return replace(options, model=replace(options.model, rgb_weights=RGB_WEIGHTS, flow_weights=FLOW_WEIGHTS))


def _shortest(options: TrainOptions) -> TrainOptions:
    return replace(
        options,
        optim=replace(options.optim, epochs=3, milestones=(2,)),
        cfb=replace(options.cfb, bank_size=2, bank_from_epoch=0),
    )


MINIATURES: Mapping[str, Mapping[Size, Miniature]] = {
    "e2h": {
        "mini": Miniature(make_e2h, _two_stream(E2H_MINI), depth="depth"),
        "smoke": Miniature(
            partial(make_e2h, config=MiniatureConfig(stills_per_class=4, videos_per_class=3)),
            _shortest(_two_stream(E2H_MINI)),
            depth="depth",
        ),
    },
}
"""`mini` is what results are reported on; `smoke` only proves that the road runs."""
