"""All ranks of `torch.distributed` come to hold the same entries."""

import hashlib
import json
import zlib

import numpy as np
import torch
import torch.distributed as dist

from flowbank.config import BankConfig
from flowbank.errors import BankFormatError, BankInputError, BankStorageError, FlowBankError
from flowbank.index import ENTRY
from flowbank.union import Candidates, Chosen, choose, total_offered
from flowbank.writer import Writer

MESSAGE_BYTES = 64 * 2**20  # records sent at a time


def gather_entries(writer: Writer, *, group: dist.ProcessGroup | None) -> None:
    """Replace the working set of every rank by what all ranks' working sets come to together."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size(group) == 1:
        return
    exchange = _Exchange(group)
    settings = exchange.all_gather(_settings_digest(writer.config))
    if len(set(settings)) > 1:
        raise BankInputError("the ranks' banks have different settings: create them with the same arguments")
    entries, published, texts = writer.staging.rows()
    sources = [_unpack(raw) for raw in exchange.all_gather(_pack(writer, entries, texts))]
    chosen = choose(writer.stage_empty(with_slots=False), sources)
    slots, failure = _exchange_records(writer, exchange, sources, chosen)
    failed = [rank for rank, raw in enumerate(exchange.all_gather(b"failed" if failure else b"")) if raw]
    mine = {int(row["uid"]): place for place, row in enumerate(entries)}
    if failed:
        writer.release_slots(list(slots.values()))
        writer.rollback()
        raise failure or BankStorageError(f"rank {failed[0]} could not store what it was sent: see its own error")
    staging = writer.stage_empty()
    kept: set[int] = set()
    for item in chosen:
        facts = item.facts
        place = mine.get(facts["uid"])
        if place is None:
            staging.add(slot=slots[facts["uid"]], leaving=[], **facts)
        else:
            kept.add(place)
            staging.add(slot=int(entries["slot"][place]), leaving=[], published=bool(published[place]), **facts)
    gone = [place for place in range(entries.size) if place not in kept and not published[place]]
    writer.release_slots(entries["slot"][gone].tolist())
    staging.offered = staging.shared_offered = total_offered(sources)
    staging.changed = set(range(writer.config.num_classes))
    writer.staging = staging


class _Exchange:
    """Bytes between ranks: as tensors, so without pickle, on the device that the backend wants."""

    def __init__(self, group: dist.ProcessGroup | None) -> None:
        self.group = group
        self.rank = dist.get_rank(group)
        self.size = dist.get_world_size(group)
        on_gpu = "nccl" in dist.get_backend(group)
        self.device = torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")

    def all_gather(self, raw: bytes) -> list[bytes]:
        """Return every rank's bytes."""
        length = torch.tensor([len(raw)], dtype=torch.int64, device=self.device)
        lengths = [torch.zeros_like(length) for _ in range(self.size)]
        dist.all_gather(lengths, length, group=self.group)
        longest = max(int(n) for n in lengths)
        if longest == 0:
            return [b""] * self.size
        padded = torch.zeros(longest, dtype=torch.uint8)
        padded[: len(raw)] = torch.frombuffer(bytearray(raw), dtype=torch.uint8) if raw else padded[:0]
        received = [torch.zeros(longest, dtype=torch.uint8, device=self.device) for _ in range(self.size)]
        dist.all_gather(received, padded.to(self.device), group=self.group)
        return [tensor.cpu().numpy()[: int(n)].tobytes() for tensor, n in zip(received, lengths, strict=True)]

    def broadcast(self, records: np.ndarray, *, source: int) -> np.ndarray:
        """Return the records of the rank `source`; the others pass an array of the same shape to fill."""
        tensor = torch.from_numpy(records).to(self.device)
        sender = source if self.group is None else dist.get_global_rank(self.group, source)
        dist.broadcast(tensor, sender, group=self.group)
        return tensor.cpu().numpy()


def _exchange_records(
    writer: Writer, exchange: _Exchange, sources: list[Candidates], chosen: list[Chosen]
) -> tuple[dict[int, int], FlowBankError | None]:
    """Send what other ranks lack, store what this one lacks: slot of each new entry by uid, and what went wrong.

    A rank whose disk fails goes on sending and receiving, so that the others do not wait for it in vain.
    """
    held = [set(source.entries["uid"].tolist()) for source in sources]
    slots: dict[int, int] = {}
    failure: FlowBankError | None = None
    per_message = max(1, MESSAGE_BYTES // writer.config.record_bytes)
    for source in range(exchange.size):
        wanted = [item for item in chosen if item.source == source and any(item.facts["uid"] not in h for h in held)]
        for start in range(0, len(wanted), per_message):
            part = wanted[start : start + per_message]
            records = np.zeros((len(part), writer.config.record_bytes), dtype=np.uint8)
            if source == exchange.rank:
                try:
                    for record, item in zip(records, part, strict=True):
                        writer.read_record(int(sources[source].entries["slot"][item.place]), record)
                except FlowBankError as error:
                    failure = error
            records = exchange.broadcast(records, source=source)
            for record, item in zip(records, part, strict=True):
                uid = item.facts["uid"]
                if uid in held[exchange.rank] or failure is not None:
                    continue
                try:
                    if zlib.crc32(record.data) != item.facts["crc"]:
                        raise BankFormatError(f"an entry from rank {source} is damaged: run flowbank verify there")
                    slots[uid] = writer.write_record(record)
                except FlowBankError as error:
                    failure = error
    return slots, failure


def _pack(writer: Writer, entries: np.ndarray, texts: list[bytes]) -> bytes:
    header = json.dumps(
        {
            "entries": int(entries.size),
            "generation": writer.staging.born,
            "offered": writer.staging.offered,
            "shared_offered": writer.staging.shared_offered,
        }
    ).encode()
    return b"".join((len(header).to_bytes(4, "little"), header, entries.tobytes(), *texts))


def _unpack(raw: bytes) -> Candidates:
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    entries = np.frombuffer(raw, dtype=ENTRY, count=header["entries"], offset=start)
    texts = []
    start += entries.nbytes
    for length in entries["text_bytes"].tolist():
        texts.append(raw[start : start + length])
        start += length
    return Candidates(
        entries=entries,
        texts=texts,
        generation=header["generation"],
        offered=header["offered"],
        shared_offered=header["shared_offered"],
    )


def _settings_digest(config: BankConfig) -> bytes:
    settings = json.loads(config.to_bytes())
    del settings["bank_id"], settings["checksum"]
    settings["admission"].pop("seed", None)
    return hashlib.sha256(json.dumps(settings).encode()).digest()
