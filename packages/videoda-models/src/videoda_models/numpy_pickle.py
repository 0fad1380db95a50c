"""Read a pickle of nested dicts of numpy arrays without calling anything that the pickle names."""

import io
import math
import pickle
import pickletools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from videoda_models.errors import WeightsError

# Numbers, text, bytes, tuples, lists, dicts, the memo, and what numpy's arrays need: look up, call, set the state.
_OPCODES = (
    "PROTO FRAME STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 FLOAT BINFLOAT "
    "SHORT_BINBYTES BINBYTES BINBYTES8 STRING BINSTRING SHORT_BINSTRING UNICODE SHORT_BINUNICODE BINUNICODE "
    "BINUNICODE8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM "
    "SETITEMS BYTEARRAY8 MEMOIZE PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD"
)
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_DEPTH, _ENTRIES = 32, 100_000


class _Refused(Exception):  # noqa: N818
    """The pickle asks for something else than an array."""


class _Dtype:
    """Stands in for `numpy.dtype` while the pickle is read."""

    def __init__(self, name: object, *_: object) -> None:
        if not isinstance(name, str) or name not in _DTYPES:
            raise _Refused(f"an array of type {name!r:.40}")
        self.name = name
        self.big_endian = False

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "="):
            raise _Refused("a damaged array type")
        self.big_endian = order == ">"

    def read(self) -> np.dtype:
        return np.dtype(f"{'>' if self.big_endian else '<'}{self.name}")


_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")


class _Array:
    """Stands in for a `numpy.ndarray` while the pickle is read."""

    array: np.ndarray | None = None

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise _Refused("a damaged array")
        _, shape, dtype, fortran, raw = state
        if (
            not isinstance(dtype, _Dtype)
            or not isinstance(raw, bytes | bytearray)
            or not isinstance(shape, tuple)
            or not all(type(n) is int and n >= 0 for n in shape)
        ):
            raise _Refused("an array that is not of numbers")
        kind = dtype.read()
        if math.prod(shape) * kind.itemsize != len(raw):
            raise _Refused(f"an array of shape {shape} in {len(raw)} bytes")
        values = np.frombuffer(raw, kind).reshape(shape, order="F" if fortran else "C")
        self.array = np.array(values, dtype=kind.newbyteorder("="))


class _Ndarray:
    """What the name `numpy.ndarray` stands for: an argument, never called."""


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _frombuffer(raw: object, dtype: object, shape: object, order: object) -> _Array:
    # How numpy writes an array at protocol 5.
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", raw))
    return array


def _empty_bytes() -> bytes:
    return b""  # how Python 3 writes no bytes at protocol 2


def _encode(text: object, encoding: object) -> bytes:
    # How Python 3 writes bytes at protocol 2.
    if not isinstance(text, str) or encoding != "latin1":
        raise _Refused("text that is not latin1")
    return text.encode("latin1")


_GLOBALS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Ndarray,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _empty_bytes,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _GLOBALS:
            raise _Refused(f"{module}.{name}")
        return _GLOBALS[module, name]


def is_plain_pickle(path: Path) -> bool:
    """Whether the file is a pickle, and not one of PyTorch's old format, which begins with a magic number."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[:1] != b"\x80" or head[1:2] not in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return False
    try:
        for opcode, argument, _ in pickletools.genops(head):
            if opcode.name not in ("PROTO", "FRAME"):
                return argument != _TORCH_MAGIC
    except ValueError:
        pass
    return True


def read_numpy_pickle(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a pickle of nested dicts, by their keys joined with "/".

    Raises:
        WeightsError: it holds anything else (named, and never looked up or run), or is damaged.
    """
    try:
        data = path.read_bytes()
        _check_opcodes(data)
        content = _Unpickler(io.BytesIO(data)).load()
        arrays = dict(_flat(content, ()))
    except _Refused as refused:
        raise WeightsError(
            f"{path} holds {refused} besides tensors, which could run code, and is refused; save only its state "
            "dict (better: as safetensors) where you trust it"
        ) from refused
    except (
        *(pickle.UnpicklingError, ValueError, TypeError, EOFError, AttributeError, KeyError, IndexError),
        *(MemoryError, OverflowError, RecursionError, ArithmeticError, UnicodeError, OSError),
    ) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise WeightsError(f"{path} is a pickle that ends early or is damaged ({reason}); fetch it again") from error
    if not arrays:
        raise WeightsError(f"{path} holds no arrays; allowed is a mapping of names to arrays")
    return arrays


def _check_opcodes(data: bytes) -> None:
    allowed = frozenset(_OPCODES.split())
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name not in allowed:
            raise _Refused(f"the instruction {opcode.name}")
        # The unpickler makes room for a memo as large as the largest number: a few bytes would ask for gigabytes.
        if opcode.name in _PUTS and argument is not None and int(argument) > len(data):
            raise _Refused(f"a memo of {argument} entries")


def _flat(content: object, prefix: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    # One dict may stand at many places of a pickle, even inside itself: count, and do not recurse for ever.
    pending: list[tuple[tuple[str, ...], object]] = [(prefix, content)]
    for _ in range(_ENTRIES):
        if not pending:
            return
        names, value = pending.pop()
        if isinstance(value, Mapping) and len(names) < _DEPTH and all(type(key) is str for key in value):
            pending += [((*names, key), entry) for key, entry in reversed(list(value.items()))]
        elif isinstance(value, _Array) and value.array is not None and names:
            yield "/".join(names), value.array
        else:
            raise _Refused(f"{'/'.join(names) or 'at its top'}, a {type(value).__name__.strip('_').lower()},")
    raise _Refused(f"more than {_ENTRIES} entries")
