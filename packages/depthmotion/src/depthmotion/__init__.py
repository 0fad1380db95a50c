"""A photo becomes a realistic clip: depth, camera motion and exact optical flow."""

from depthmotion import flowio, paths
from depthmotion.camera_path import CameraPath
from depthmotion.clip import Clip
from depthmotion.depth_source import DepthSource, load_depth
from depthmotion.depthmap import DepthMap
from depthmotion.errors import (
    ConfigError,
    DepthError,
    DepthMotionError,
    FlowFileError,
    ImageError,
    MissingDependencyError,
    PathError,
)
from depthmotion.flowio import flow_to_color
from depthmotion.generate import Failure, GenerateConfig, GenerateSummary, generate
from depthmotion.image_files import read_image
from depthmotion.instances import MovingInstances, random_instances, select, select_largest
from depthmotion.intrinsics import Intrinsics
from depthmotion.sharpen import sharpen
from depthmotion.synthesize import prepare, synthesize

__version__ = "0.1.0"

__all__ = [
    "CameraPath",
    "Clip",
    "ConfigError",
    "DepthError",
    "DepthMap",
    "DepthMotionError",
    "DepthSource",
    "Failure",
    "FlowFileError",
    "GenerateConfig",
    "GenerateSummary",
    "ImageError",
    "Intrinsics",
    "MissingDependencyError",
    "MovingInstances",
    "PathError",
    "flow_to_color",
    "flowio",
    "generate",
    "load_depth",
    "paths",
    "prepare",
    "random_instances",
    "read_image",
    "select",
    "select_largest",
    "sharpen",
    "synthesize",
]
