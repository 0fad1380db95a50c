"""The engine on torch: clips in batches, on a GPU or a CPU."""

from depthmotion.torch_engine.render import ClipBatch, render_batch

__all__ = ["ClipBatch", "render_batch"]
