"""Unsupervised image-to-video and video-to-video domain adaptation: data, methods, engine and the videoda command."""

__version__ = "0.1.0"
