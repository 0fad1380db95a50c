"""What is told of every epoch, and to whom: a callback is a function of the epoch's record."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from videoda_train.engine.optimisation import describe_batch
from videoda_train.engine.runtime import Runtime
from videoda_train.errors import ConfigError
from videoda_train.recipes.config import TrainConfig, to_dict
from videoda_train.run_folder import RunFolder

Record = dict[str, Any]
Callback = Callable[[Record], None]


def scalars(record: Record) -> dict[str, float]:
    """Return an epoch's numbers by the name they are plotted under; without target labels there are no accuracies."""
    named = {f"loss/{name}": value for name, value in record["losses"].items()}
    told = ("acc_softmax", "acc_logits", "mean_class_accuracy", "mean_confidence")
    named |= {f"target/{name}": record[name] for name in told if record.get(name) is not None}
    named |= {f"average/{name}": value for name, value in record.get("average", {}).items() if value is not None}
    named |= {f"criteria/{name}": value for name, value in record["criteria"].items()}
    if counts := record.get("bank_counts"):
        named |= {"bank/videos": sum(counts), "bank/largest_class_share": max(counts) / max(sum(counts), 1)}
    return {**named, "lr": record["lr"], "clips_per_second": record["clips_per_second"]}


@contextmanager
def opened_callbacks(config: TrainConfig, folder: RunFolder, runtime: Runtime) -> Iterator[list[Callback]]:
    """Give a run's own callbacks, in the process that speaks: TensorBoard, the tracker, the console."""
    with ExitStack() as opened:
        told: list[Callback] = []
        if runtime.ranks.leads:
            told.append(opened.enter_context(tensorboard(folder.root / "tensorboard")))
        if runtime.ranks.leads and config.tracking.tracker != "none":
            told.append(opened.enter_context(tracker(config, name=folder.root.name)))
        if runtime.progress:
            tqdm.write(describe_batch(config.optim, num_ranks=runtime.ranks.count))
            told.append(console(epochs=config.optim.epochs))
        yield told


@contextmanager
def tensorboard(folder: Path) -> Iterator[Callback]:
    """Write every epoch's numbers as TensorBoard events."""
    from torch.utils.tensorboard import SummaryWriter  # slow to import, needed once

    with SummaryWriter(str(folder)) as board:

        def write(record: Record) -> None:
            for name, value in scalars(record).items():
                board.add_scalar(name, value, record["epoch"])

        yield write


@contextmanager
def tracker(config: TrainConfig, *, name: str) -> Iterator[Callback]:
    """Send every epoch's numbers to the experiment tracker that the configuration names.

    Raises:
        ConfigError: its package is not installed.
    """
    try:
        service = importlib.import_module(config.tracking.tracker)
    except ImportError as error:
        raise ConfigError(
            f"tracking.tracker is {config.tracking.tracker!r}, which cannot be imported ({error}); "
            f"pip install 'videoda-train[{config.tracking.tracker}]'"
        ) from error
    service.init(project=config.tracking.project, name=name, config=to_dict(config))
    try:
        yield lambda record: service.log({"epoch": record["epoch"], **scalars(record)})
    finally:
        service.finish()


def console(*, epochs: int) -> Callback:
    """Print a line per epoch, above the progress bar."""
    return lambda record: tqdm.write(describe_epoch(record, epochs=epochs))


def describe_epoch(record: Record, *, epochs: int) -> str:
    """Return the console line of an epoch: accuracies where videos have labels, or how sure the network is."""
    loss = sum(record["losses"].values())
    bank = f"  bank {sum(record['bank_counts'])}" if "bank_counts" in record else ""
    if record["acc_softmax"] is None:
        counts = record["predicted_counts"]
        told = f"confidence {record['mean_confidence']:.2f}  classes predicted {sum(map(bool, counts))}/{len(counts)}"
    else:
        averaged = record.get("average", {}).get("acc_softmax")
        average = "" if averaged is None else f"  average AccSf {100 * averaged:5.1f}"
        told = f"AccSf {100 * record['acc_softmax']:5.1f}  Acc {100 * record['acc_logits']:5.1f}{average}"
    return (
        f"epoch {record['epoch'] + 1:3d}/{epochs}  loss {loss:.3f}  {told}  "
        f"{record['train_seconds']:.1f} s + {record['evaluate_seconds']:.1f} s{bank}"
    )
