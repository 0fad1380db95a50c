"""How one array of an entry is stored: flow as `uint8` codes, or floats as they are."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch

from flowbank.errors import BankInputError

Codec = Literal["flow-uint8", "float16", "float32"]
STORED_DTYPE: dict[str, np.dtype[Any]] = {
    "flow-uint8": np.dtype("uint8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
}
MOST_AXES = 31  # numpy allows 32, and a batch adds one
MOST_ELEMENTS = 2**36
BLOCK = 32768  # elements encoded at a time: 128 KiB of float32 stay in the core's own cache
DECODE_BLOCK = 262144  # large enough to share out among torch's threads, 1 MiB of float32 stay in a core's own cache


@dataclass(frozen=True)
class ArraySpec:
    """Shape and storage of one array of every entry.

    Args:
        shape: the array's shape, e.g. `(2, 16, 224, 224)`.
        codec: `"flow-uint8"` clips to ±`bound` and rounds to 256 levels (error ≤ `bound` / 255);
            `"float16"` and `"float32"` keep the values.
        bound: the largest displacement that `"flow-uint8"` can hold [px]; the other codecs ignore it.
    """

    shape: tuple[int, ...]
    codec: Codec = "float32"
    bound: float = 20.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if not self.shape or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in self.shape):
            raise BankInputError(f"shape is {self.shape!r}: give one or more positive integers, e.g. (2, 16, 224, 224)")
        if len(self.shape) > MOST_AXES or max(self.shape) > MOST_ELEMENTS or math.prod(self.shape) > MOST_ELEMENTS:
            raise BankInputError(
                f"shape has {len(self.shape)} axes, the longest of {max(self.shape):.3g}: give at most {MOST_AXES} axes"
                f" and {MOST_ELEMENTS:.3g} elements"
            )
        if self.codec not in get_args(Codec):
            raise BankInputError(f"codec is {self.codec!r}: choose one of {', '.join(get_args(Codec))}")
        if isinstance(self.bound, bool) or not 1e-30 <= self.bound <= 1e30:  # its inverse, too, must fit a float32
            raise BankInputError(f"bound is {self.bound!r}: give a positive number of pixels, e.g. 20.0")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype in storage."""
        return STORED_DTYPE[self.codec]

    @property
    def sum_dtype(self) -> np.dtype[Any]:
        """Dtype of a sum over entries: exact for codes, double precision for floats."""
        return np.dtype("<u4") if self.codec == "flow-uint8" else np.dtype("<f8")

    @property
    def elements(self) -> int:
        """Number of values in one array."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Stored size of one array [bytes]."""
        return self.elements * self.dtype.itemsize

    def to_json(self) -> dict[str, Any]:
        """Return the plain form kept in `bank.json`."""
        return {"shape": list(self.shape), "codec": self.codec, "bound": self.bound}


def encode_into(spec: ArraySpec, values: "np.ndarray | torch.Tensor", out: np.ndarray, *, scratch: np.ndarray) -> None:
    """Write `values` in the storage form of `spec`.

    Args:
        spec: how to store.
        values: floats of `spec.shape` (flow in px), or, for `"flow-uint8"`, `uint8` codes, which are kept exactly.
        out: `(elements,)` of `spec.dtype`, filled.
        scratch: `(BLOCK,)` float32, overwritten.

    Raises:
        BankInputError: a value is NaN or infinite, or too large for `"float16"`.
    """
    source = _as_host_array(values).reshape(-1)
    if source.dtype == out.dtype and spec.codec == "flow-uint8":
        out[...] = source
        return
    for start in range(0, source.size, BLOCK):
        piece = source[start : start + BLOCK]
        stored = out[start : start + BLOCK]
        if spec.codec == "flow-uint8":
            work = scratch[: piece.size]
            np.multiply(piece, np.float32(127.5 / spec.bound), out=work, casting="same_kind")
            np.add(work, np.float32(127.5), out=work)
            _refuse_not_finite(work, piece, start)
            np.rint(work, out=work)
            np.clip(work, 0, 255, out=work)
            np.copyto(stored, work, casting="unsafe")
        else:
            with np.errstate(over="ignore"):
                np.copyto(stored, piece, casting="same_kind")
            _refuse_not_finite(stored, piece, start)


def decode_into(spec: ArraySpec, stored: np.ndarray, out: np.ndarray) -> None:
    """Turn stored values back into float32 (flow in px); `stored` and `out` are contiguous and of the same shape."""
    if spec.codec != "flow-uint8":
        np.copyto(out, stored)
        return
    lowest = torch.tensor(-float(spec.bound))  # a file may hold it as a whole number, of any size
    codes = torch.from_numpy(_writable_view(stored).reshape(-1)).split(DECODE_BLOCK)
    for block, values in zip(codes, torch.from_numpy(out.reshape(-1)).split(DECODE_BLOCK), strict=True):
        values.copy_(block)
        torch.add(lowest, values, alpha=float(spec.bound) / 127.5, out=values)


class _View:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def _writable_view(array: np.ndarray) -> np.ndarray:
    """The same memory without the mark that it must not be written: torch warns of that mark even where it reads."""
    return array if array.flags.writeable else np.asarray(_View(array))


def _as_host_array(values: "np.ndarray | torch.Tensor") -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach()
        if values.dtype == torch.bfloat16:
            values = values.float()
        values = values.cpu().numpy()
    return np.ascontiguousarray(values)


def _refuse_not_finite(converted: np.ndarray, piece: np.ndarray, start: int) -> None:
    if np.isfinite(converted.min()) and np.isfinite(converted.max()):
        return
    bad = int(np.flatnonzero(~np.isfinite(converted))[0])
    raise BankInputError(
        f"value {piece[bad]!r} at flat position {start + bad} cannot be stored: give finite numbers"
        " (below 65504 for float16)"
    )
