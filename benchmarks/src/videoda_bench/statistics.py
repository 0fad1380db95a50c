"""Means and differences with confidence intervals by Student's t."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean (or difference of means) and half the width of its confidence interval; `None` where it is unknown."""

    mean: float
    half_width: float | None

    @property
    def low(self) -> float:
        """The interval's lower end; without one, the mean."""
        return self.mean - (self.half_width or 0.0)

    @property
    def high(self) -> float:
        """The interval's upper end; without one, the mean."""
        return self.mean + (self.half_width or 0.0)


def t_quantile(degrees_of_freedom: float, *, confidence: float = CONFIDENCE) -> float:
    """Return the number of standard errors that a two-sided interval reaches to each side."""
    return float(stdtrit(degrees_of_freedom, (1 + confidence) / 2))


def mean_estimate(values: Sequence[float], *, confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean with the interval that holds the true mean; one value has no interval."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return Estimate(mean, None)
    error = statistics.stdev(values) / math.sqrt(len(values))
    return Estimate(mean, t_quantile(float(len(values) - 1), confidence=confidence) * error)


def difference_estimate(a: Sequence[float], b: Sequence[float], *, confidence: float = CONFIDENCE) -> Estimate:
    """Return mean(a) - mean(b) with Welch's interval; with one value on both sides there is none.

    With one value on one side that value counts as exact: the interval is that of the other side's mean.
    """
    difference = statistics.mean(a) - statistics.mean(b)
    errors = [(statistics.variance(values) / len(values), len(values) - 1) for values in (a, b) if len(values) > 1]
    squared = sum(error for error, _ in errors)
    if not errors:
        return Estimate(difference, None)
    if squared == 0:
        return Estimate(difference, 0.0)
    freedom = squared**2 / sum(error**2 / degrees for error, degrees in errors)
    return Estimate(difference, t_quantile(freedom, confidence=confidence) * math.sqrt(squared))


def prediction_band(values: Sequence[float], *, confidence: float) -> Estimate:
    """Return the interval that one more value of the same kind falls into.

    Its half width is t · s · √(1 + 1/n), with the standard deviation s of the n values.

    Raises:
        ValueError: fewer than two values.
    """
    spread = statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    return Estimate(statistics.mean(values), t_quantile(float(len(values) - 1), confidence=confidence) * spread)
