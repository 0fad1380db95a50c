"""`videoda data flow` and `videoda data flow-check`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from videoda_train.cli.list_command import ListCommand, finish
from videoda_train.data.flow import FlowConfig, compare_flow, flow_list


@dataclass(frozen=True, kw_only=True)
class Flow(ListCommand):
    """Estimate the optical flow of every video of a list. Exit codes: 0 all done; 3 some failed; 2 bad input."""

    out: Path
    """Where CLASS/NAME/u, v or CLASS/NAME.npy go."""
    config: Annotated[FlowConfig, tyro.conf.arg(name="")] = field(default_factory=FlowConfig)

    def run(self) -> None:
        """Estimate, print what was done, exit with 3 where a video failed."""
        summary = flow_list(
            self.list_file,
            out_dir=self.out,
            config=self.config,
            root=self.root,
            workers=self.workers,
            resume=self.resume,
            limit_s=self.seconds_per_file or None,
        )
        finish(summary, made="videos", place=self.out)


@dataclass(frozen=True, kw_only=True)
class FlowCheck:
    """Compare two flow folders video by video. Exit codes: 0 the same videos within --tolerance; 3 not; 2 bad input."""

    folders: tyro.conf.Positional[tuple[Path, Path]]
    """Two folders of u/v JPEGs or .npy codes."""
    bound: float = 20.0
    """What the codes' ends mean [px]."""
    tolerance: float = 0.5
    """Largest mean end-point difference of a video that counts as the same [px]."""

    def run(self) -> None:
        """Compare, print every difference above the tolerance."""
        found = compare_flow(*self.folders, bound=self.bound)
        different = [one for one in found if one.problem or not one.mean <= self.tolerance]
        means = [one.mean for one in found if not np.isnan(one.mean)]
        overall = f", mean end-point difference {np.mean(means):.3f} px" if means else ""
        print(f"{len(found)} videos, {len(different)} different{overall}")
        for one in different:
            print(f"  {one.name}: {one.problem or f'mean {one.mean:.3f} px, largest {one.largest:.1f} px'}")
        if different:
            raise SystemExit(3)
