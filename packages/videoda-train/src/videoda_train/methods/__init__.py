"""One file per method."""

from videoda_train.methods.build import build_method
from videoda_train.methods.method import Method

__all__ = ["Method", "build_method"]
