"""The exceptions that depthmotion raises on bad input."""


class DepthMotionError(Exception):
    """Base of every error that depthmotion raises on purpose."""


class ImageError(DepthMotionError):
    """An image cannot be read or is not a uint8 RGB array."""


class DepthError(DepthMotionError):
    """A depth map is missing, malformed or does not fit its image."""


class InstanceError(DepthMotionError):
    """An instance mask cannot be read, does not fit its photo, or lacks the instances that are asked for."""


class PathError(DepthMotionError):
    """A camera path is malformed or its parameters are out of range."""


class FlowFileError(DepthMotionError):
    """A flow file cannot be read, or its format is unknown."""


class ConfigError(DepthMotionError):
    """An option has a value that is not allowed."""


class MissingDependencyError(DepthMotionError):
    """An optional package is needed for what was asked."""


class OutputError(DepthMotionError):
    """The results cannot be written."""
