"""What can go wrong here, each with one line that says the bad value, what is allowed and what to do."""


class VideodaModelsError(Exception):
    """Base of every error that this package raises on purpose."""


class UnknownModelError(VideodaModelsError, ValueError):
    """A model name that the registry does not hold."""


class ModelOptionError(VideodaModelsError, ValueError):
    """An option of a model or head with a value that it cannot take."""


class InputShapeError(VideodaModelsError, ValueError):
    """A clip that the network cannot take: wrong rank, channels, too few frames or too small images."""


class WeightsError(VideodaModelsError, ValueError):
    """A weights file that cannot be found, read or made to fit the model."""
