"""Training runs on a miniature world: which rows there are, and how one is run."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from videoda_train.engine import RunResult, run_training
from videoda_train.recipes.config import DataConfig, MethodName, Streams, TrainConfig, TrainOptions, with_data
from videoda_train.recipes.e2h import E2H_MINI

from videoda_bench.miniature import MiniatureConfig, make_e2h

RGB_WEIGHTS = Path(__file__).parent / "miniature" / "weights" / "i3d-tiny-rgb.safetensors"
FLOW_WEIGHTS = RGB_WEIGHTS.with_name("i3d-tiny-flow.safetensors")
"""What `videoda-bench pretrain` made: the miniature's stand-ins for Kinetics weights."""


@dataclass(frozen=True)
class Row:
    """One row of the ablation: a name for the table, one for folders, and the switches it sets."""

    title: str
    name: str
    method: MethodName
    source: Literal["camera-motion", "static"]
    bank: bool
    pace: bool
    streams: Streams = "both"


ROWS = (
    Row("source-only, static clips", "source-only-static", "source_only", "static", False, False, streams="rgb"),
    Row("+ camera motion", "source-only-motion", "source_only", "camera-motion", bank=False, pace=False),
    Row("+ flow bank", "cfb-bank", "cfb", "camera-motion", bank=True, pace=False),
    Row("+ pace (full CFB)", "cfb-full", "cfb", "camera-motion", bank=True, pace=True),
)
"""A repeated still has no flow: with nothing to learn from, the first row's flow stream neither trains nor votes."""

BASELINES = (Row("DANN, camera motion", "dann-motion", "dann", "camera-motion", bank=False, pace=False),)
"""Other methods on the same data, beside the ablation."""


@dataclass(frozen=True)
class Preset:
    """The size of a miniature experiment."""

    world: MiniatureConfig
    options: TrainOptions


PRESETS = {
    "standard": Preset(world=MiniatureConfig(), options=E2H_MINI),
    "smoke": Preset(
        world=MiniatureConfig(stills_per_class=4, videos_per_class=3),
        options=replace(
            E2H_MINI,
            optim=replace(E2H_MINI.optim, epochs=3, milestones=(2,)),
            cfb=replace(E2H_MINI.cfb, bank_size=2, bank_from_epoch=0),
        ),
    ),
}
"""`standard` is the miniature that results are reported on; `smoke` only proves that the road runs."""


def make_world(root: Path, preset: Preset, *, progress: bool = True) -> DataConfig:
    """Make the miniature E→H below `root` (kept if it is there) and return its lists."""
    make_e2h(root, config=preset.world, progress=progress)
    return DataConfig(source_list=root / "source.txt", target_list=root / "target.txt", classes=root / "classes.txt")


def row_config(row: Row, data: DataConfig, preset: Preset, *, seed: int, prepared_dir: Path) -> TrainConfig:
    """Return the configuration of one row and seed."""
    options = replace(
        preset.options,
        method=row.method,
        seed=seed,
        model=replace(preset.options.model, rgb_weights=RGB_WEIGHTS, flow_weights=FLOW_WEIGHTS, streams=row.streams),
        motion=replace(preset.options.motion, source=row.source, depth=f"dir:{data.source_list.parent / 'depth'}"),
        cfb=replace(preset.options.cfb, bank=row.bank, pace=row.pace),
        loading=replace(preset.options.loading, prepared_dir=prepared_dir),
    )
    return with_data(options, data, task="e2h", scale="mini")


def run_row(row: Row, data: DataConfig, preset: Preset, *, seed: int, out_dir: Path, resume: bool) -> RunResult:
    """Train one row with one seed in `OUT/ROW-seedN`, or take its results where it is complete and `resume` is on."""
    config = row_config(row, data, preset, seed=seed, prepared_dir=out_dir / f"prepared-seed{seed}")
    return run_training(config, out_dir / f"{row.name}-seed{seed}", resume=resume)
