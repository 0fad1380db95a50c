"""Miniature worlds: rendered stand-ins in the layouts and file formats of the real datasets."""

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.e2h import make_e2h
from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.k2b import make_k2b
from videoda_bench.miniature.k2b_config import K2bConfig
from videoda_bench.miniature.motions import MOTIONS, SHARED_POSES
from videoda_bench.miniature.world import MiniatureSummary

__all__ = [
    "MOTIONS",
    "SHARED_POSES",
    "K2bConfig",
    "MiniatureConfig",
    "MiniatureError",
    "MiniatureSummary",
    "make_e2h",
    "make_k2b",
]
