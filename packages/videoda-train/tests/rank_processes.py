"""The tiny engine run by several processes, as `torchrun` would start them."""

import multiprocessing
import os
import socket
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch._dynamo  # optimisers load it: once here, not in every process
from tiny_engine import NanMethod, PointMethod, point_loop, weights
from videoda_train.engine.distributed import Ranks, joined_ranks
from videoda_train.engine.evaluate import evaluate
from videoda_train.engine.runtime import Runtime
from videoda_train.errors import RunError
from videoda_train.recipes.config import TrainConfig

METHODS = {"plain": PointMethod, "nan": NanMethod, "batch norm": partial(PointMethod, batch_norm=True)}


def train(ranks: Ranks, folder: Path, *, config: TrainConfig, kind: str) -> None:
    method = METHODS[kind]()
    try:
        loop = point_loop(folder, config, method, Runtime(torch.device("cpu"), ranks=ranks))
        logits = {"logits": loop.run().logits}
        if loop.update.average is not None:
            with loop.update.average.applied(method.module):
                logits["averaged"] = evaluate(method, loop.data.evaluated, loop.runtime).logits
    except RunError as error:
        (folder / f"error-{ranks.rank}.txt").write_text(str(error))
        return
    torch.save({"weights": weights(method), **logits}, folder / f"rank-{ranks.rank}.pt")


def spawn_ranks(folder: Path, config: TrainConfig, *, count: int, kind: str = "plain") -> list[int | None]:
    return run_ranks(partial(train, config=config, kind=kind), folder, count=count)


def run_ranks(body: Callable[[Ranks, Path], None], folder: Path, *, count: int) -> list[int | None]:
    """Run a function in processes that are joined; `outcome-RANK.txt` tells how each one ended. Return exit codes."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("fork")  # torch is imported already
    processes = [context.Process(target=as_rank, args=(rank, count, port, body, folder)) for rank in range(count)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking a process that has threads
        for process in processes:
            process.start()
    for process in processes:
        process.join(timeout=300)
        process.kill()  # what has not ended has failed the test
        process.join()
    return [process.exitcode for process in processes]


def as_rank(rank: int, count: int, port: int, body: Callable[[Ranks, Path], None], folder: Path) -> None:
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    torch.set_num_threads(1)
    outcome = "done"
    try:
        with joined_ranks(torch.device("cpu")) as ranks:
            body(ranks, folder)
    except BaseException as error:
        outcome = f"{type(error).__name__}: {error}"
    (folder / f"outcome-{rank}.txt").write_text(outcome)
