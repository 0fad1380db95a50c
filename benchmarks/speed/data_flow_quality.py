"""End-point errors of the flow estimators on a real pair with truth: `VIDEODA_TEST_DATA/flow/flyingchairs`."""

import os
from pathlib import Path
from time import process_time

import depthmotion.flowio
import numpy as np
import torch
from measurements import row, write_section
from videoda_train.data.flow import create_estimator
from videoda_train.data.image_file import read_image

ZERO = 4.31


def main() -> None:
    """Measure and write the section."""
    torch.set_num_threads(1)
    data = Path(os.environ["VIDEODA_TEST_DATA"])
    first, second = (read_image(data / "flow" / "flyingchairs" / f"00001_img{i}.ppm") for i in (1, 2))
    truth = depthmotion.flowio.read(data / "flow" / "flyingchairs" / "00001_flow.flo")
    rows = []
    for method in ("raft", "dis", "farneback"):
        weights = data / "weights" / "raft-small.pth" if method == "raft" else None
        estimate = create_estimator(method, weights=weights)  # type: ignore[arg-type]
        estimate(first, second)
        start = process_time()
        flow = estimate(first, second)
        seconds = process_time() - start
        error = float(np.linalg.norm(flow - truth, axis=-1).mean())
        target, met = ("≤ 1.25 px", error <= 1.25) if method == "raft" else (f"zero flow: {ZERO} px", None)
        rows.append(
            row(
                f"{method}, FlyingChairs 00001 (512×384)",
                f"EPE {error:.3f} px, {seconds:.2f} s of CPU",
                target=target,
                met=met,
                epe=error,
            )
        )
    write_section("data", "Flow estimators", rows)


if __name__ == "__main__":
    main()
