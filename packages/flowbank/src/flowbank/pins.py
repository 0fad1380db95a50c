"""What a pin's file says: `flowbank-pin 1 GENERATION CHECKSUM`, in one line."""

import re
import zlib
from pathlib import Path

from flowbank.errors import BankFormatError

PIN_BYTES = 100  # more than a pin ever has
_PIN = re.compile(rb"(flowbank-pin 1 (\d{1,12})) ([0-9a-f]{8})\n")
_PIN_0_1 = re.compile(rb"(\d{1,12})\n")  # as version 0.1 wrote them, without a checksum


def encode_pin(generation: int) -> bytes:
    """Return what a pin on a generation holds."""
    text = f"flowbank-pin 1 {generation}".encode()
    return text + f" {zlib.crc32(text):08x}\n".encode()


def decode_pin(raw: bytes, *, path: Path) -> int:
    """Return the generation that a pin is on.

    Raises:
        BankFormatError: a byte is wrong or missing.
    """
    if match := _PIN_0_1.fullmatch(raw):
        return int(match[1])
    match = _PIN.fullmatch(raw)
    if match is None or zlib.crc32(match[1]) != int(match[3], 16):
        raise BankFormatError(
            f"{path} is damaged, so no generation is dropped while it is there: pin again under the same name, or"
            " delete that file"
        )
    return int(match[2])
