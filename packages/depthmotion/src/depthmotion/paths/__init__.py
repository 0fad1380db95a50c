"""Camera paths: every function returns a `CameraPath` whose first pose is the identity."""

from depthmotion.paths._description import NAMES, check_description, from_description, options
from depthmotion.paths._dolly import dolly, dolly_zoom, pan, zoom
from depthmotion.paths._handheld import handheld
from depthmotion.paths._orbit import orbit
from depthmotion.paths._random_walk import random_walk
from depthmotion.paths._scene_scale import limit_holes, nearest_depth, scale_to_depth
from depthmotion.paths._smooth import smooth
from depthmotion.paths._still import still

__all__ = [
    "NAMES",
    "check_description",
    "dolly",
    "dolly_zoom",
    "from_description",
    "handheld",
    "limit_holes",
    "nearest_depth",
    "options",
    "orbit",
    "pan",
    "random_walk",
    "scale_to_depth",
    "smooth",
    "still",
    "zoom",
]
