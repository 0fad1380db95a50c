"""A bank's contents for other programs and for the eye."""

import json
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float

from flowbank.bank import FlowBank
from flowbank.errors import BankInputError
from flowbank.files import check_new, new_file
from flowbank.flow_color import color_flow, png_bytes
from flowbank.snapshot import Snapshot

CELL = 96  # pixels: longest side of a picture in the contact sheet
GAP = 4


def export_npz(bank: FlowBank, path: str | Path) -> None:
    """Write all entries to one `.npz`, best first within each class; entries stream through, so any size will do.

    Members: `label`, `confidence`, `key` and `metadata` (JSON; empty where there is none), and each array of the bank
    as float32 (flow in px).

    Raises:
        BankStorageError: something has that name already, or the file cannot be written.
    """
    path = Path(path)
    check_new(path)
    snapshot = bank.snapshot
    rows = range(snapshot.index.entries.size)
    texts = [snapshot.index.text(row) for row in rows]
    metadata = [json.dumps(text["metadata"]) if text["metadata"] is not None else "" for text in texts]
    with new_file(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        _write(archive, "label", snapshot.index.entries["label"].astype(np.int64))
        _write(archive, "confidence", snapshot.index.entries["confidence"])
        _write(archive, "key", np.array([text["key"] or "" for text in texts], dtype=np.str_))
        _write(archive, "metadata", np.array(metadata, dtype=np.str_))
        for name in bank.config.arrays:
            _write_entries(archive, name, snapshot)


def export_contact_sheet(bank: FlowBank, path: str | Path, *, array: str = "clip", columns: int = 10) -> None:
    """Draw the flow of the `columns` most confident entries of each class in colour, one class per row, into a PNG.

    An array shows as flow if it has two channels, first or last: `(2, T, H, W)`, `(T, H, W, 2)`, `(2, H, W)` or
    `(H, W, 2)`; of several frames the middle one is drawn. Full colour is the longest vector of the picture.

    Raises:
        BankInputError: the array is not flow, or there is no such array.
        BankStorageError: something has that name already, or the file cannot be written.
    """
    if array not in bank.config.arrays:
        raise BankInputError(f"array is {array!r}: choose one of {', '.join(bank.config.arrays)}")
    path = Path(path)
    check_new(path)
    if columns < 1:
        raise BankInputError(f"columns is {columns}: give at least 1")
    snapshot = bank.snapshot
    shape = bank.config.arrays[array].shape
    height, width, _ = _picture(np.zeros(shape, dtype=np.float32)).shape
    sheet = np.full((bank.num_classes * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 224, dtype=np.uint8)
    clip = np.empty(shape, dtype=np.float32)
    for label in range(bank.num_classes):
        rows = snapshot.rows_of(label)
        for column, row in enumerate(range(rows.start, min(rows.stop, rows.start + columns))):
            snapshot.read_into(row, clip, array=array)
            flow = _picture(clip)
            longest = max(float(np.hypot(flow[..., 0], flow[..., 1]).max()), 1e-6)
            top, left = GAP + label * (height + GAP), GAP + column * (width + GAP)
            sheet[top : top + height, left : left + width] = color_flow(flow, longest=longest)
    with new_file(path) as stream:
        stream.write(png_bytes(sheet))


def _picture(clip: Float[np.ndarray, "..."]) -> Float[np.ndarray, "height width 2"]:
    """Return one small flow field `(H, W, 2)` of a clip."""
    if clip.ndim in (3, 4) and clip.shape[0] == 2:
        clip = np.moveaxis(clip, 0, -1)
    if clip.ndim not in (3, 4) or clip.shape[-1] != 2:
        raise BankInputError(f"an array of shape {clip.shape} is not flow: it needs two channels, first or last")
    if clip.ndim == 4:
        clip = clip[clip.shape[0] // 2]
    step = -(-max(clip.shape[:2]) // CELL)
    return clip[::step, ::step]


def _write(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w") as member:
        np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)


def _write_entries(archive: zipfile.ZipFile, name: str, snapshot: Snapshot) -> None:
    shape = snapshot.config.arrays[name].shape
    rows = snapshot.index.entries.size
    values = np.empty(shape, dtype=np.float32)
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, *shape)}
        np.lib.format.write_array_header_1_0(member, header)
        for row in range(rows):
            snapshot.read_into(row, values, array=name)
            member.write(values.data)
