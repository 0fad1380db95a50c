"""Flow estimators by name: from two frames to a flow field in pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from videoda_train.errors import ConfigError

Method = Literal["dis", "farneback", "tvl1", "raft"]
METHODS: tuple[Method, ...] = get_args(Method)
FlowEstimator = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From a frame and the next one `uint8 (H, W, 3)` RGB to flow `float32 (H, W, 2)` [px, u right, v down]."""


def create_estimator(method: Method, *, weights: Path | str | None = None, device: str = "cpu") -> FlowEstimator:
    """Return a flow estimator.

    Args:
        method: `dis` (OpenCV, medium preset), `farneback` (OpenCV), `tvl1` (needs opencv-contrib), `raft`
            (torchvision's `raft_small`).
        weights: RAFT's checkpoint, torchvision's or its authors'; only for `raft`.
        device: where RAFT runs.

    Raises:
        ConfigError: an unknown method, a method that this OpenCV lacks, or missing weights.
    """
    if method == "raft":
        if weights is None:
            raise ConfigError("raft needs weights: give --weights with torchvision's or its authors' raft-small.pth")
        from videoda_train.data.flow.raft import RaftEstimator, load_raft_small

        return RaftEstimator(load_raft_small(weights), device=device)
    if weights is not None:
        raise ConfigError(f"{method} takes no weights; leave --weights out, or choose raft")
    if method == "dis":
        return _on_grey(_dis)
    if method == "farneback":
        return _on_grey(_farneback)
    if method == "tvl1":
        if not hasattr(cv2, "optflow"):
            raise ConfigError(
                "tvl1 is in opencv-contrib-python only; install it in place of opencv-python, or choose dis"
            )
        return _on_grey(_tvl1)
    raise ConfigError(f"unknown flow method {method!r}; allowed: {', '.join(METHODS)}")


def _dis(first: np.ndarray, second: np.ndarray, flow: None) -> np.ndarray:
    """Estimate by DIS. A used object keeps scales chosen for the sizes it has seen, so each call makes its own."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return estimator.calc(first, second, flow)  # type: ignore[call-overload]


def _tvl1(first: np.ndarray, second: np.ndarray, flow: None) -> np.ndarray:
    contrib: Any = cv2
    return contrib.optflow.DualTVL1OpticalFlow.create().calc(first, second, flow)


def _farneback(first: np.ndarray, second: np.ndarray, flow: None) -> np.ndarray:
    """Estimate by polynomial expansion, with OpenCV's documented example settings."""
    return cv2.calcOpticalFlowFarneback(first, second, flow, 0.5, 3, 15, 3, 5, 1.2, 0)  # type: ignore[call-overload]


def _on_grey(calc: Callable[..., np.ndarray]) -> FlowEstimator:
    def estimate(first: UInt8[np.ndarray, "H W 3"], second: UInt8[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W 2"]:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
        return np.asarray(calc(*grey, None), np.float32)

    return estimate
