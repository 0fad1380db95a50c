"""Miniature worlds: rendered stand-ins in the layouts and file formats of the real datasets."""

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.e2h import make_e2h
from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.k2b import make_k2b
from videoda_bench.miniature.k2b_config import K2bConfig
from videoda_bench.miniature.motions import MOTIONS, SHARED_POSES
from videoda_bench.miniature.ucf.config import B2uConfig, S2uConfig
from videoda_bench.miniature.ucf.worlds import make_b2u, make_s2u
from videoda_bench.miniature.world import MiniatureSummary

__all__ = [
    "MOTIONS",
    "SHARED_POSES",
    "B2uConfig",
    "K2bConfig",
    "MiniatureConfig",
    "MiniatureError",
    "MiniatureSummary",
    "S2uConfig",
    "make_b2u",
    "make_e2h",
    "make_k2b",
    "make_s2u",
]
