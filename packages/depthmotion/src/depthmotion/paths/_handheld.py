"""Hand shake: noise whose power falls with frequency."""

from __future__ import annotations

import numpy as np

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.paths._ranges import check_num_frames
from depthmotion.rotation import rigid_motion


def handheld(
    num_frames: int,
    rng: np.random.Generator,
    *,
    translation: float = 0.01,
    rotation_deg: float = 0.6,
) -> CameraPath:
    """Return shake with a 1/f power spectrum and the given standard deviations per axis, starting at the identity."""
    check_num_frames(num_frames)
    if translation < 0 or rotation_deg < 0:
        raise PathError(
            f"translation={translation}, rotation_deg={rotation_deg}: standard deviations are not negative."
        )
    length = 2 * max(num_frames, 2)
    amplitude = np.zeros(length // 2 + 1)
    amplitude[1:] = 1 / np.sqrt(np.arange(1, length // 2 + 1))
    spectrum = amplitude[:, None] * (
        rng.standard_normal((len(amplitude), 6)) + 1j * rng.standard_normal((len(amplitude), 6))
    )
    track = np.fft.irfft(spectrum, n=length, axis=0)
    track /= np.sqrt(2 * np.sum(amplitude**2) * 2) / length
    track = (track - track[0])[:num_frames]
    track *= np.array([np.deg2rad(rotation_deg)] * 3 + [translation] * 3)
    return CameraPath(np.stack([rigid_motion(row[:3], row[3:]) for row in track]), name="handheld")
