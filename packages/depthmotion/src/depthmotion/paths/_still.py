"""A camera that does not move."""

from __future__ import annotations

import numpy as np

from depthmotion.camera_path import CameraPath
from depthmotion.paths._ranges import check_num_frames


def still(num_frames: int) -> CameraPath:
    """Return the identity path."""
    check_num_frames(num_frames)
    return CameraPath(np.tile(np.eye(4), (num_frames, 1, 1)), name="still")
