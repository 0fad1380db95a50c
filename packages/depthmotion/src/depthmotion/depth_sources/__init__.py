"""Where depth comes from: a folder of files, a constant, a plausible ground plane, or a network."""

from depthmotion.depth_sources.cache import DepthCache
from depthmotion.depth_sources.folder import FolderDepth, read_depth_file
from depthmotion.depth_sources.load import load_depth
from depthmotion.depth_sources.network import NetworkDepth
from depthmotion.depth_sources.offline import GroundDepth, PlaneDepth
from depthmotion.depth_sources.registry import NETWORKS, LicenceWarning, NetworkCard
from depthmotion.depth_sources.source import DepthSource

__all__ = [
    "NETWORKS",
    "DepthCache",
    "DepthSource",
    "FolderDepth",
    "GroundDepth",
    "LicenceWarning",
    "NetworkCard",
    "NetworkDepth",
    "PlaneDepth",
    "load_depth",
    "read_depth_file",
]
