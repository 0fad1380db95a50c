"""How hard a world is: what one frame, the motion, the background or everything tells of the class."""

from videoda_bench.difficulty.measure import Finding, markdown_table, measure_world

__all__ = ["Finding", "markdown_table", "measure_world"]
