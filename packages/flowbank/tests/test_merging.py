import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.multiprocessing
from flowbank import Admission, ArraySpec, BankFormatError, BankInputError, FlowBank, merge

SETTINGS = {"num_classes": 3, "capacity": 5, "clip_shape": (6,), "codec": "float32"}
DATA = [(i, i % 3, (i * 7919 % 40) / 40) for i in range(101)]  # number, label, confidence with ties


def fill(bank: FlowBank, items) -> None:
    for number, label, confidence in items:
        bank.insert([label], [confidence], np.full((1, 6), number, np.float32), keys=[f"video {number}"])


def dump(bank: FlowBank) -> list:
    """Everything a user can see."""
    entries = bank.snapshot.index.entries
    return [
        (int(e["label"]), float(e["confidence"]), bank.snapshot.index.text(row)["key"], clip.tolist())
        for row, e in enumerate(entries)
        for clip in [bank.snapshot.stored(row, array="clip")]
    ] + [bank.sample([label], reduction="mean")[0].tolist() for label in range(3)]


def single(folder: Path, **changes) -> list:
    with FlowBank.create(folder, **(SETTINGS | changes)) as bank:
        fill(bank, DATA)
        bank.commit()
        return dump(bank)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_merged_shards_equal_one_bank_given_everything(tmp_path, parts):
    for part in range(parts):
        with FlowBank.create(tmp_path / str(part), **SETTINGS) as bank:
            fill(bank, DATA[part::parts])
            bank.commit()
    with merge([tmp_path / str(part) for part in range(parts)], tmp_path / "merged") as merged:
        assert dump(merged) == single(tmp_path / "single")


def test_a_bank_merged_with_its_copy_counts_each_entry_once(tmp_path):
    expected = single(tmp_path / "a")
    with merge([tmp_path / "a", tmp_path / "a"], tmp_path / "merged") as merged:
        assert dump(merged) == expected


def test_merging_can_change_the_capacity(tmp_path):
    single(tmp_path / "a")
    with merge([tmp_path / "a"], tmp_path / "merged", capacity=2) as merged:
        assert merged.counts().tolist() == [2, 2, 2]


def test_banks_that_do_not_fit_together_are_refused(tmp_path):
    single(tmp_path / "a")
    FlowBank.create(tmp_path / "b", **(SETTINGS | {"num_classes": 4})).close()
    FlowBank.create(tmp_path / "c", **SETTINGS, arrays={"feature": ArraySpec((2,))}).close()
    for other, message in (("b", "4 classes"), ("c", "feature")):
        with pytest.raises(BankInputError, match=message):
            merge([tmp_path / "a", tmp_path / other], tmp_path / "merged")
    with pytest.raises(BankInputError, match="sources is empty"):
        merge([], tmp_path / "merged")


def test_a_damaged_source_is_refused(tmp_path):
    single(tmp_path / "a")
    slab = tmp_path / "a" / "entries.slab"
    raw = bytearray(slab.read_bytes())
    raw[100] ^= 1
    slab.write_bytes(raw)
    with pytest.raises(BankFormatError, match="damaged"):
        merge([tmp_path / "a"], tmp_path / "merged")


def test_without_ranks_gather_changes_nothing(tmp_path):
    with FlowBank.create(tmp_path / "a", **SETTINGS) as bank:
        fill(bank, DATA)
        bank.gather()
        bank.commit()
        assert dump(bank) == single(tmp_path / "single")


def _rank(rank: int, ranks: int, folder: str, port: int) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=ranks)
    own = Path(folder) / f"rank{rank}"
    for name, admission in (("plain", Admission()), ("keys", Admission(top_fraction=0.1, max_per_key=1))):
        with FlowBank.create(own / name, **SETTINGS, admission=admission) as bank:
            for items in (DATA[:60], DATA[60:]):  # twice: the second time the ranks share what the first has given
                fill(bank, items[rank::ranks])
                bank.gather()
                bank.commit()
            torch.save((dump(bank), bank.state_dict()["digest"]), Path(folder) / f"{name}{rank}.pt")
    other = FlowBank.create(own / "other", **(SETTINGS | {"capacity": 5 + rank}))
    try:
        other.gather()
    except BankInputError:
        (Path(folder) / f"refused{rank}").touch()
    other.close()
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.skipif(sys.platform == "win32", reason="gloo over spawn is for POSIX")
def test_gathered_ranks_are_identical_and_equal_to_one_process(tmp_path, ranks):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.multiprocessing.start_processes(_rank, args=(ranks, str(tmp_path), port), nprocs=ranks, start_method="fork")
    expected = single(tmp_path / "single")
    plain = [torch.load(tmp_path / f"plain{rank}.pt") for rank in range(ranks)]
    keyed = [torch.load(tmp_path / f"keys{rank}.pt") for rank in range(ranks)]
    for dumped, digest in plain:
        assert dumped == expected
        assert digest == plain[0][1]
    for dumped, digest in keyed:
        assert dumped == keyed[0][0]
        assert digest == keyed[0][1]
        assert len(dumped) == 11 + 3  # ⌈0.1 · 101⌉ entries and three means
    assert all((tmp_path / f"refused{rank}").exists() for rank in range(ranks))
