"""Camera paths: every function returns a `CameraPath` whose first pose is the identity."""

from depthmotion.paths._dolly import dolly, pan, zoom
from depthmotion.paths._handheld import handheld
from depthmotion.paths._orbit import orbit
from depthmotion.paths._random_walk import random_walk
from depthmotion.paths._scene_scale import limit_holes, scale_to_depth
from depthmotion.paths._smooth import smooth
from depthmotion.paths._still import still

__all__ = [
    "dolly",
    "handheld",
    "limit_holes",
    "orbit",
    "pan",
    "random_walk",
    "scale_to_depth",
    "smooth",
    "still",
    "zoom",
]
