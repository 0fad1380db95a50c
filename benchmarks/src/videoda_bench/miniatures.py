"""The tasks' rendered worlds, with the recipe of each: what `--scale mini` and `--scale smoke` run on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from videoda_train.recipes.b2u import B2U_MINI
from videoda_train.recipes.config import MethodName, TrainOptions
from videoda_train.recipes.e2h import E2H_MINI
from videoda_train.recipes.k2b import K2B_MINI, K2B_MINI_TOL, mini_with_cfb
from videoda_train.recipes.s2u import S2U_MINI

from videoda_bench.miniature import (
    B2uConfig,
    K2bConfig,
    MiniatureConfig,
    MiniatureSummary,
    S2uConfig,
    make_b2u,
    make_e2h,
    make_k2b,
    make_s2u,
)
from videoda_bench.recipes import Recipe

Size = Literal["mini", "smoke"]

RGB_WEIGHTS = Path(__file__).parent / "miniature" / "weights" / "i3d-tiny-rgb.safetensors"
FLOW_WEIGHTS = RGB_WEIGHTS.with_name("i3d-tiny-flow.safetensors")
"""What `videoda-bench pretrain` made: the miniatures' stand-ins for Kinetics weights."""


@dataclass(frozen=True)
class Miniature:
    """A rendered world: how to make it in a folder, and the recipe on it."""

    make: Callable[[Path], MiniatureSummary]
    recipe: Recipe
    depth: str | None = None
    """Folder of the stills' depth maps in the world."""

    def recipe_in(self, folder: Path) -> Recipe:
        """Return the recipe with the depth maps of the world in `folder`."""

        def recipe(method: MethodName) -> TrainOptions:
            options = self.recipe(method)
            if self.depth is None:
                return options
            return replace(options, motion=replace(options.motion, depth=f"dir:{folder / self.depth}"))

        return recipe


def _two_stream(options: TrainOptions) -> TrainOptions:
    return replace(options, model=replace(options.model, rgb_weights=RGB_WEIGHTS, flow_weights=FLOW_WEIGHTS))


def _k2b(method: MethodName) -> TrainOptions:
    options = K2B_MINI_TOL if method == "tol" else replace(K2B_MINI, method=method)
    options = replace(options, model=replace(options.model, backbone_weights=str(RGB_WEIGHTS)))
    return mini_with_cfb(options, flow_weights=FLOW_WEIGHTS) if method == "glad_cfb" else options


def _shortest(options: TrainOptions) -> TrainOptions:
    return replace(
        options,
        optim=replace(options.optim, epochs=3, milestones=(2,)),
        cfb=replace(options.cfb, bank_size=2, bank_from_epoch=0),
    )


def _photos_videos(
    make: Callable[..., MiniatureSummary], smallest: MiniatureConfig, options: TrainOptions
) -> Mapping[Size, Miniature]:
    return {
        "mini": Miniature(make, lambda method: _two_stream(options), depth="depth"),
        "smoke": Miniature(
            partial(make, config=smallest), lambda method: _shortest(_two_stream(options)), depth="depth"
        ),
    }


MINIATURES: Mapping[str, Mapping[Size, Miniature]] = {
    "e2h": _photos_videos(make_e2h, MiniatureConfig(stills_per_class=4, videos_per_class=3), E2H_MINI),
    "b2u": _photos_videos(make_b2u, B2uConfig(stills_per_class=2, videos_per_class=2), B2U_MINI),
    "s2u": _photos_videos(make_s2u, S2uConfig(stills_per_class=3, videos_per_class=2), S2U_MINI),
    "k2b": {
        "mini": Miniature(make_k2b, _k2b),
        "smoke": Miniature(
            partial(
                make_k2b,
                config=K2bConfig(source_videos=2, source_test_videos=1, target_stretches=2, target_test_stretches=1),
            ),
            lambda method: _shortest(_k2b(method)),
        ),
    },
}
"""`mini` is what results are reported on; `smoke` only proves that the road runs."""
