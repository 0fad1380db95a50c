"""The benchmarks of image-to-video and video-to-video adaptation, in full and in miniature."""

__version__ = "0.1.0"
