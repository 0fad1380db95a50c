"""A category-aware memory bank of optical-flow clips: memory-mapped, crash-safe, shared by workers."""

__version__ = "0.1.0"
