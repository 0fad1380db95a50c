import multiprocessing
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from flowbank import BankInputError, BankLockedError, BankModeError, FlowBank, GenerationGoneError
from torch.utils.data import DataLoader, Dataset


def stored(bank: FlowBank) -> list[str]:
    return sorted(path.name for path in (bank.folder / "generations").iterdir())


@pytest.fixture
def bank(make_bank, marked):
    bank = make_bank(codec="float32", capacity=2)
    bank.insert([0], [0.5], marked([1]))
    bank.commit()
    return bank


def test_a_reader_keeps_its_generation_until_it_asks(bank, marked, contents):
    reader = FlowBank.open(bank.folder)
    for step in range(5):
        bank.insert([0], [1.0 + step], marked([10 + step]))
        bank.commit()
        assert contents(reader) == [[1], [], []]
    assert reader.refresh()
    assert contents(reader) == [[14, 13], [], []]
    assert not reader.refresh()
    reader.close()


def test_old_generations_go_when_nobody_holds_them(bank):
    reader = FlowBank.open(bank.folder)
    bank.commit()
    assert stored(bank) == ["000000000001.index", "000000000002.index"]
    reader.close()
    bank.commit()
    assert stored(bank) == ["000000000003.index"]


def test_a_draw_holds_its_generation(bank, marked):
    reader = FlowBank.open(bank.folder)
    drawn = reader.draw([0])
    for step in range(3):
        bank.clear()
        bank.insert([0], [1.0], marked([10 + step]))
        bank.commit()
        reader.refresh()
    assert drawn.read()[0, 0, 0, 0, 0] == 1
    reader.close()


def test_files_do_not_grow_over_many_refills(bank, flows):
    sizes = set()
    for _ in range(20):
        bank.clear()
        bank.insert([0, 0, 1, 1, 2, 2], np.arange(6.0), flows(6))
        bank.commit()
        sizes.add((bank.folder / "entries.slab").stat().st_size // bank.config.record_bytes)
    assert max(sizes) <= 12
    assert len(stored(bank)) == 1


def test_only_one_may_write(bank):
    with pytest.raises(BankLockedError, match="mode='r'"):
        FlowBank.open(bank.folder, mode="r+")


def test_a_pinned_generation_outlives_commits_and_can_be_opened(bank, marked, contents):
    bank.pin("epoch-1")
    state = bank.state_dict()
    for step in range(3):
        bank.clear()
        bank.insert([0], [2.0], marked([10 + step]))
        bank.commit()
    with FlowBank.open(bank.folder, generation=state["generation"]) as old:
        assert contents(old) == [[1], [], []]
    bank.unpin("epoch-1")
    bank.commit()
    with pytest.raises(GenerationGoneError, match="no longer stored"):
        FlowBank.open(bank.folder, generation=state["generation"])


def test_a_reader_returns_to_the_generation_of_a_checkpoint(bank, marked, contents):
    bank.pin("checkpoint")
    state = bank.state_dict()
    bank.insert([0], [2.0], marked([2]))
    bank.commit()
    reader = FlowBank.open(bank.folder)
    assert contents(reader)[0] == [2, 1]
    reader.load_state_dict(state)
    assert contents(reader)[0] == [1]
    assert reader.state_dict() == state
    reader.close()


def test_a_writer_returns_to_the_contents_of_a_checkpoint(bank, marked, contents):
    bank.pin("checkpoint")
    state = bank.state_dict()
    bank.insert([0, 1], [2.0, 1.0], marked([2, 3]))
    bank.commit()
    bank.insert([2], [2.0], marked([9]))
    bank.load_state_dict(state)
    assert contents(bank) == [[1], [], []]
    assert bank.state_dict()["digest"] == state["digest"]
    assert bank.counts(staged=True).tolist() == [1, 0, 0]
    assert torch.equal(bank.sample([0], reduction="mean")[0], bank.sample([0])[0])


def test_the_state_of_another_bank_is_refused(bank, make_bank):
    with pytest.raises(BankInputError, match="names bank"):
        bank.load_state_dict(make_bank("other").state_dict())


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x.tmp"])
def test_a_pin_name_that_is_not_a_file_name_is_refused(bank, name):
    with pytest.raises(BankInputError, match="not allowed"):
        bank.pin(name)


def test_an_unknown_pin_cannot_be_removed(bank):
    with pytest.raises(BankInputError, match="choose one of none"):
        bank.unpin("nothing")


def test_a_bank_travels_by_pickle_as_a_reader_of_its_generation(bank, marked, contents):
    raw = pickle.dumps(bank)
    reader = FlowBank.open(bank.folder)
    bank.insert([0], [2.0], marked([2]))
    bank.commit()
    copy = pickle.loads(raw)
    assert contents(copy) == [[1], [], []]
    with pytest.raises(BankModeError):
        copy.clear()
    copy.close()
    reader.close()


class Marks(Dataset):
    def __init__(self, bank: FlowBank) -> None:
        self.bank = bank

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> float:
        return self.bank.sample([0])[0].mean().item()


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_dataloader_workers_read_the_same_bank(bank, context):
    loader = DataLoader(Marks(bank), num_workers=1, multiprocessing_context=context)
    assert torch.cat(list(loader)).tolist() == [1.0] * 6


def _write_in_child(bank, answers):
    try:
        bank.insert([0], [1.0], np.zeros((1, 2, 3, 4, 5), np.float32))
    except BankModeError as error:
        answers.put(str(error))


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_cannot_write(bank):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_write_in_child, args=(bank, answers))
    child.start()
    assert "its child" in answers.get(timeout=30)
    child.join()


def _wait(event):
    event.wait(60)


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_writer_lock(bank):
    context = multiprocessing.get_context("fork")
    event = context.Event()
    child = context.Process(target=_wait, args=(event,))
    child.start()
    bank.close()
    FlowBank.open(bank.folder, mode="r+").close()
    event.set()
    child.join()


def test_close_gives_the_lock_back_although_a_copy_of_its_descriptor_is_open(bank):
    lock = str(bank.folder / "writer.lock")
    (descriptor,) = [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if os.path.realpath(fd) == lock]
    copy = os.dup(descriptor)
    bank.close()
    FlowBank.open(bank.folder, mode="r+").close()
    os.close(copy)


def test_threads_never_see_a_torn_entry(make_bank):
    bank = make_bank(codec="float32", capacity=2, num_classes=1, keep_means=False)
    shape = bank.config.arrays["clip"].shape
    bank.insert([0], [0.0], np.zeros((1, *shape), np.float32))
    bank.commit()
    stop, torn = threading.Event(), []

    def read() -> None:
        reader = FlowBank.open(bank.folder)
        while not stop.is_set():
            clip = reader.sample([0])[0]
            if clip.min() != clip.max():
                torn.append(clip)
            reader.refresh()
        reader.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(1, 60):
        bank.insert([0], [float(step)], np.full((1, *shape), step, np.float32))
        bank.commit()
    stop.set()
    for thread in threads:
        thread.join()
    assert not torn
