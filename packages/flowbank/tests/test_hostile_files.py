"""Files made to mislead: fields replaced by extreme values, the checksums right."""

import hashlib
import json
import resource
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flowbank import Admission, ArraySpec, FlowBank, FlowBankError, verify
from flowbank.config import BankConfig
from flowbank.index import CLASS, ENTRY, MAGIC, Index, decode_text
from flowbank.pins import decode_pin, encode_pin
from flowbank.snapshot import check_record
from hypothesis import example, given, settings
from hypothesis import strategies as st

PATH = Path("folder/file")
INTEGERS = [-(2**63), -(2**31) - 1, -1, 0, 1, 2**31, 2**32 - 1, 2**47, 2**62, 2**63 - 1, 2**64]
OTHERS: list[Any] = [
    10**5000,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    None,
    True,
    "x",
    "",
    [],
    {},
    [[]],
    [2**62] * 40,
]
FLOATS = [float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A bank that uses every field of its files."""
    folder = tmp_path_factory.mktemp("hostile") / "bank"
    rng = np.random.default_rng(0)
    with FlowBank.create(
        folder,
        num_classes=3,
        capacity=[2, 0, 3],
        clip_shape=(2, 3),
        arrays={"feature": ArraySpec((3,), "float16")},
        admission=Admission(age_decay=0.5, max_per_key=2, min_confidence=0.01, top_fraction=0.9, total_capacity=9),
    ) as bank:
        for _ in range(2):
            bank.insert(
                [0, 2, 2],
                rng.random(3) + 0.1,
                rng.standard_normal((3, 2, 3)).astype(np.float32),
                keys=["a", None, "b"],
                metadata=[None, {"x": 1}, None],
                arrays={"feature": rng.standard_normal((3, 3)).astype(np.float32)},
            )
            bank.commit()
    return folder


def seal(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


def with_header(raw: bytes, header: bytes) -> bytes:
    """An index with another header, its hash right."""
    (length,) = struct.unpack_from("<I", raw, len(MAGIC))
    return seal(MAGIC + struct.pack("<I", len(header)) + header + raw[len(MAGIC) + 4 + length : -32])


def lying_indices(raw: bytes) -> Iterator[tuple[str, bytes]]:
    (length,) = struct.unpack_from("<I", raw, len(MAGIC))
    start = len(MAGIC) + 4 + length
    header = json.loads(raw[len(MAGIC) + 4 : start])
    for name in header:
        for value in [*INTEGERS, *OTHERS]:
            try:
                yield f"header {name}", with_header(raw, json.dumps(header | {name: value}).encode())
            except ValueError:  # more digits than Python prints
                yield f"header {name}", with_header(raw, b'{"%s": %s}' % (name.encode(), b"9" * 5000))
        yield (
            f"header without {name}",
            with_header(raw, json.dumps({k: v for k, v in header.items() if k != name}).encode()),
        )
    for text in (b"", b"{}", b"[]", b"[" * 100_000, b"\xff", b"null"):
        yield "header text", with_header(raw, text)
    for length in (0, 1, 2**31, 2**32 - 1):
        yield "header length", seal(raw[: len(MAGIC)] + struct.pack("<I", length) + raw[len(MAGIC) + 4 : -32])
    second = start + header["entries"] * ENTRY.itemsize
    for kind, count, first in ((ENTRY, header["entries"], start), (CLASS, header["classes"], second)):
        for field in kind.names:
            dtype = kind.fields[field][0]
            values = (
                FLOATS
                if dtype.kind == "f"
                else [v for v in INTEGERS if np.iinfo(dtype).min <= v <= np.iinfo(dtype).max]
            )
            for value in values:
                for row in {0, count - 1}:
                    table = np.frombuffer(raw, dtype=kind, count=count, offset=first).copy()
                    table[field][row] = value
                    yield (
                        f"{field}[{row}] = {value}",
                        seal(raw[:first] + table.tobytes() + raw[first + table.nbytes : -32]),
                    )
    texts = second + header["classes"] * CLASS.itemsize
    for text in (b"{}", b"[" * 200, b'{"key":1,"metadata":null}', b'{"key":"a","metadata":[]}'):
        replaced = text.ljust(len(raw) - 32 - texts)[: len(raw) - 32 - texts]
        yield "texts", seal(raw[:texts] + replaced)


def lying_configs(raw: bytes) -> Iterator[tuple[str, bytes]]:
    content = json.loads(raw)
    del content["checksum"]

    def sealed(changed: dict) -> bytes:
        changed = {**changed, "checksum": hashlib.sha256(json.dumps(changed).encode()).hexdigest()}
        return (json.dumps(changed, indent=1) + "\n").encode()

    def places(node: Any, path: tuple = ()) -> Iterator[tuple]:
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            yield (*path, key)
            yield from places(inner, (*path, key))

    for path in places(content):
        for value in [*INTEGERS, *OTHERS[1:]]:
            changed = json.loads(json.dumps(content))
            node = changed
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value
            yield f"{path} = {str(value)[:30]}", sealed(changed)
    for text in (b"", b"{}", b"[" * 100_000, b"null", b"9" * 5000, b'{"format": "flowbank", "schema": 1e999}'):
        yield "text", text


def use(folder: Path) -> int:
    """Do everything with a bank; return how often that was refused."""
    refused = 0
    for mode in ("r", "r+"):
        try:
            with FlowBank.open(folder, mode=mode, verify="on-read") as bank:
                labels = list(range(min(bank.num_classes, 5)))
                for reduction in ("random", "confidence", "mean"):
                    bank.sample(labels, reduction=reduction)
                drawn = bank.draw(labels)
                _ = drawn.keys, drawn.metadata, drawn.confidences
                bank.pin("x")
                bank.unpin("x")
                if mode == "r+":
                    bank.commit()
                    bank.clear()
                    bank.commit()
        except FlowBankError:
            refused += 1
    try:
        verify(folder)
    except FlowBankError:
        refused += 1
    return refused


def attack(whole: Path, folder: Path, name: str, lies: Iterator[tuple[str, bytes]], *, every: int) -> tuple[int, int]:
    """Use the bank with each lie in the place of a file; return how many lies there were and how many were refused."""
    shutil.copytree(whole, folder)
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    count = refused = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, (what, lie) in enumerate(lies):
        if number % every:
            continue
        (folder / name).write_bytes(lie)
        try:
            refused += use(folder) > 0
        except Exception as error:
            raise AssertionError(f"{name}: {what}: {type(error).__name__}") from error
        count += 1
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in files]:
            path.unlink()
        for path, contents in files.items():
            path.write_bytes(contents)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB
    assert use(folder) == 0
    return count, refused


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_an_index_that_lies_is_refused_or_harmless(whole, tmp_path, every):
    name = "generations/000000000002.index"
    count, refused = attack(whole, tmp_path / "b", name, lying_indices((whole / name).read_bytes()), every=every)
    assert count > 250 // every
    assert refused > 0.7 * count


@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_a_config_that_lies_is_refused_or_harmless(whole, tmp_path, every):
    count, refused = attack(
        whole, tmp_path / "b", "bank.json", lying_configs((whole / "bank.json").read_bytes()), every=every
    )
    assert count > 500 // every
    assert refused > 0.7 * count


# The parsers alone: bytes in, a result or a FlowBankError out. These are the entry points for fuzzing.


def read_record(raw: bytes) -> None:
    check_record(np.frombuffer(raw, np.uint8), crc=zlib.crc32(b"the record"), where="a record")


PARSERS = {
    "config": lambda raw: BankConfig.from_bytes(raw, path=PATH),
    "index": lambda raw: Index.from_bytes(raw, path=PATH),
    "sealed index": lambda raw: Index.from_bytes(seal(MAGIC + raw), path=PATH),
    "text": lambda raw: decode_text(raw, where="an entry"),
    "pin": lambda raw: decode_pin(raw, path=PATH),
    "record": read_record,
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=300, deadline=None)
@example(b"")
@example(b"[" * 100_000)
@example(b"9" * 5000)
@given(st.binary(max_size=300))
def test_a_parser_given_any_bytes_returns_or_raises_a_flowbank_error(name, raw):
    with suppress(FlowBankError):
        PARSERS[name](raw)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_parser_given_changed_bytes_with_a_right_hash_returns_or_raises_a_flowbank_error(whole, data):
    raw = bytearray((whole / "generations" / "000000000002.index").read_bytes()[:-32])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(8, len(raw) - 1))
        piece = data.draw(
            st.one_of(st.binary(max_size=12), st.sampled_from(INTEGERS[:-1]).map(lambda n: struct.pack("<q", n)))
        )
        raw[start : start + data.draw(st.sampled_from([0, len(piece)]))] = piece
    try:
        index = Index.from_bytes(seal(bytes(raw)), path=PATH)
    except FlowBankError:
        return
    assert index.entries.size == index.classes["count"].sum()
    assert index.to_bytes()


@given(st.integers(0, 10**12 - 1))
def test_a_pin_comes_back_and_no_changed_byte_does(generation):
    raw = encode_pin(generation)
    assert decode_pin(raw, path=PATH) == generation
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(FlowBankError, match="damaged"):
            decode_pin(changed, path=PATH)
