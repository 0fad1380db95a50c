"""A photo becomes a realistic clip: depth, camera motion and exact optical flow."""

__version__ = "0.1.0"
