"""RAR archives (format 2.9) whose files are stored, not compressed, as the published description has it."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

_MARKER = b"Rar!\x1a\x07\x00"
_ARCHIVE, _FILE, _END = 0x73, 0x74, 0x7B
_HAS_DATA = 0x8000
_UNIX, _VERSION, _STORED, _REGULAR_FILE = 3, 20, 0x30, 0o100644


def write_rar(path: Path, files: Mapping[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = [_MARKER, _block(_ARCHIVE, 0, bytes(6))]
    for name, content in files.items():
        encoded = name.replace("/", "\\").encode()
        header = struct.pack(
            "<IIBIIBBHI", len(content), len(content), _UNIX, zlib.crc32(content), 0, _VERSION, _STORED, len(encoded),
            _REGULAR_FILE,
        )  # fmt: skip
        blocks += [_block(_FILE, _HAS_DATA, header + encoded), content]
    path.write_bytes(b"".join([*blocks, _block(_END, 0x4000, b"")]))


def _block(kind: int, flags: int, body: bytes) -> bytes:
    head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head
