"""A photo becomes a realistic clip: depth, camera motion and exact optical flow."""

from depthmotion import flowio, paths
from depthmotion.camera_path import CameraPath
from depthmotion.chained import ChainedClip, synthesize_chained
from depthmotion.clip import Clip
from depthmotion.contact_sheet import contact_sheet
from depthmotion.dataset import Estimate, Failure, GenerateConfig, GenerateSummary, estimate, generate
from depthmotion.depth_colour import depth_to_color
from depthmotion.depth_sources import DepthSource, LicenceWarning, load_depth
from depthmotion.depthmap import DepthMap
from depthmotion.errors import (
    ConfigError,
    DepthError,
    DepthMotionError,
    FlowFileError,
    ImageError,
    InstanceError,
    MissingDependencyError,
    OutputError,
    PathError,
)
from depthmotion.flowio import flow_to_color
from depthmotion.image_files import read_image
from depthmotion.instance_files import read_instances
from depthmotion.instances import MovingInstances, random_instances, select, select_largest
from depthmotion.intrinsics import Intrinsics
from depthmotion.mask_edges import snap_to_depth
from depthmotion.nearest import NearestWarp, SplatMasks, warp_nearest
from depthmotion.object_motion import ObjectMotion
from depthmotion.path_drawing import draw_paths
from depthmotion.photo_clip import clip_of_photo
from depthmotion.sharpen import sharpen
from depthmotion.synthesize import prepare, synthesize

__version__ = "0.1.0"

__all__ = [
    "CameraPath",
    "ChainedClip",
    "Clip",
    "ConfigError",
    "DepthError",
    "DepthMap",
    "DepthMotionError",
    "DepthSource",
    "Estimate",
    "Failure",
    "FlowFileError",
    "GenerateConfig",
    "GenerateSummary",
    "ImageError",
    "InstanceError",
    "Intrinsics",
    "LicenceWarning",
    "MissingDependencyError",
    "MovingInstances",
    "NearestWarp",
    "ObjectMotion",
    "OutputError",
    "PathError",
    "SplatMasks",
    "clip_of_photo",
    "contact_sheet",
    "depth_to_color",
    "draw_paths",
    "estimate",
    "flow_to_color",
    "flowio",
    "generate",
    "load_depth",
    "paths",
    "prepare",
    "random_instances",
    "read_image",
    "read_instances",
    "select",
    "select_largest",
    "sharpen",
    "snap_to_depth",
    "synthesize",
    "synthesize_chained",
    "warp_nearest",
]
