"""The processes that train one run together: one alone, or those that `torchrun` starts on one machine or several."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import PrefixStore, rendezvous  # type: ignore[attr-defined]
from torch.nn.parallel import DistributedDataParallel

from videoda_train.engine.rank_watch import RankWatch

_TIMEOUT = timedelta(minutes=30)
"""Of one exchange, for which all are ready at about the same time; who waits for long work of another has no limit."""


@dataclass(frozen=True)
class Ranks:
    """One process among those of a run. Alone, every exchange gives back what it was given."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    node: int = 0
    watch: RankWatch | None = field(default=None, compare=False)
    """How this process hears that another one is ready, or has failed."""

    @property
    def leads(self) -> bool:
        """Whether this process writes the run's files and speaks."""
        return self.rank == 0

    @property
    def leads_node(self) -> bool:
        """Whether this process writes what its machine's processes share."""
        return self.local_rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes."""
        if self.count > 1:
            dist.all_reduce(values)
        return values

    def gather(self, value: Any) -> list[Any]:
        """Return every process's value, in rank order."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        dist.all_gather_object(values, value)
        return values

    def share(self, values: Iterable[Tensor]) -> None:
        """Give every process the leading one's values, in place."""
        if self.count > 1:
            for value in values:
                dist.broadcast(value, src=0)

    @contextmanager
    def first(self, *, leader: bool) -> Iterator[None]:
        """Run a block in the processes where `leader` holds, and only then in the others."""
        if self.count > 1 and not leader:
            self._wait()
        yield
        if self.count > 1 and leader:
            self._wait()

    def _wait(self) -> None:
        if self.watch is not None:
            self.watch.arrive()

    def replicate(self, step: nn.Module, device: torch.device) -> nn.Module:
        """Return the module such that its gradients are means over all processes."""
        if self.count == 1:
            return step
        # A method may leave parameters out of a step: a stream that does not vote, a task that starts later.
        return DistributedDataParallel(
            step, device_ids=[device] if device.type == "cuda" else None, find_unused_parameters=True
        )


def without_exchange(replica: nn.Module) -> AbstractContextManager[None]:
    """Keep gradients to this process for the length of a block: a later backward pass outside one sends the sum."""
    return replica.no_sync() if isinstance(replica, DistributedDataParallel) else nullcontext()


@contextmanager
def joined_ranks(device: torch.device) -> Iterator[Ranks]:
    """Join the processes that `torchrun` started, for the length of a block; without it this process is alone.

    Tensors on the CPU are exchanged by gloo, those on GPUs by NCCL. Where one process fails or is lost, all stop.

    Raises:
        RunError: another process failed or was lost.
        Interrupted: another process was asked to stop.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    local_count = int(os.environ.get("LOCAL_WORLD_SIZE", str(count)))
    ranks = Ranks(
        rank=int(os.environ["RANK"]),
        count=count,
        local_rank=int(os.environ.get("LOCAL_RANK", "0")),
        node=int(os.environ.get("GROUP_RANK", str(int(os.environ["RANK"]) // local_count))),
    )
    store, _, _ = next(rendezvous("env://", ranks.rank, ranks.count, timeout=_TIMEOUT))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")  # torchrun's store outlives a start that failed
    watch = RankWatch(PrefixStore(f"videoda/{attempt}", store), rank=ranks.rank, count=ranks.count)
    try:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
            store=store,
            rank=ranks.rank,
            world_size=ranks.count,
            timeout=_TIMEOUT,
        )
        yield replace(ranks, watch=watch)
    except BaseException as error:
        cause = watch.explain(error)
        if cause is error:
            raise
        raise cause from error
    finally:
        watch.close()
    # Not after an error: the others may be waiting in an exchange, and end when this process does.
    dist.destroy_process_group()
