"""What is said of a run before it starts: contradictions end it, what would go wrong without a word is warned of."""

import filecmp
import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

from videoda_train.data.list_file import ListItem
from videoda_train.engine.run_data import RunInputs
from videoda_train.errors import ConfigError, ListFileError
from videoda_train.recipes.config import TrainConfig
from videoda_train.recipes.fitting_network import fitting_networks, i3d_networks

FEW_PER_CLASS = 5
"""Fewer labelled items of a class are warned of: one odd photo is then more than a fifth of what the class is."""
FEWEST_STEPS = 100
"""Ten times the ten steps that a momentum of 0.9 averages over."""
_HEAD_BYTES = 2**16
_SHOWN = 5


def check_before_run(config: TrainConfig, inputs: RunInputs) -> list[str]:
    """Return what a user should know before the run starts, one line each.

    Raises:
        ConfigError: weights of another network than the stream's.
        ListFileError: one photo or video is listed under two labels.
        WeightsError: weights that cannot be read.
    """
    require_fitting_weights(config)
    learned, list_file = inputs.source, config.data.source_list
    if config.method == "supervised":
        learned, list_file = inputs.target, config.data.target_list
    warnings = [*unused_bank(config), *unreached_milestones(config)]
    if config.method not in ("zero_shot", "tol"):
        warnings += [*unlearnable_classes(learned, inputs.classes, list_file=list_file)]
    if config.method != "zero_shot":
        warnings += too_few_steps(config, num_items=len(learned))
        warnings += repeated_items(learned, list_file=list_file, refuse=config.scale == "custom")
        if config.method != "supervised":
            warnings += in_both_lists(inputs.source, inputs.target, config=config)
    return warnings


def unused_bank(config: TrainConfig) -> Iterator[str]:
    """Tell of a bank that no epoch draws from: it is filled after one epoch and used from the next on."""
    first = config.cfb.bank_from_epoch
    if config.uses_bank and config.optim.epochs < first + 2:
        yield (
            f"the flow bank is never used: cfb.bank_from_epoch is {first}, so it is filled after epoch {first + 1} and "
            f"drawn from in epoch {first + 2}, but optim.epochs is {config.optim.epochs}; give --optim.epochs "
            f"{first + 2} or more, or a smaller --cfb.bank-from-epoch"
        )


def unreached_milestones(config: TrainConfig) -> Iterator[str]:
    """Tell of milestones that lie behind the last epoch."""
    optim = config.optim
    late = [milestone for milestone in optim.milestones if milestone >= optim.epochs]
    if optim.schedule == "step" and late and config.method != "zero_shot":
        effect = "the learning rate never decays" if len(late) == len(optim.milestones) else "a decay is left out"
        yield (
            f"{effect}: optim.milestones holds {', '.join(map(str, late))}, optim.epochs is {optim.epochs}; give "
            "--optim.milestones below it, or more epochs"
        )


def unlearnable_classes(items: Sequence[ListItem], classes: Sequence[str], *, list_file: Path) -> Iterator[str]:
    """Tell of classes without a labelled item, and of those with very few."""
    counts = Counter(item.label for item in items)
    empty = [name for label, name in enumerate(classes) if not counts[label]]
    few = [f"{name} ({counts[label]})" for label, name in enumerate(classes) if 0 < counts[label] < FEW_PER_CLASS]
    if empty:
        yield (
            f"{list_file} has nothing of {_shown(empty)}: no video will be called that; add some, or check the order "
            "of the class map"
        )
    if few:
        yield f"{list_file} has fewer than {FEW_PER_CLASS} of {_shown(few)}: too few to learn a class from"


def too_few_steps(config: TrainConfig, *, num_items: int) -> Iterator[str]:
    """Tell of a run that ends before it can have learnt.

    A run needs 100 steps for the gradient's momentum, and 3 / m steps for batch norm of momentum m: after fewer, more
    than exp(-3) = 5 % of the statistics that it is evaluated with are those it was initialised with.
    """
    optim = config.optim
    per_epoch = -(-num_items // optim.batch_size) if config.inputs == "views" else num_items // optim.batch_size
    steps, needed = per_epoch * optim.epochs, max(FEWEST_STEPS, round(3 / config.model.batch_norm_momentum))
    if 0 < steps < needed:
        yield (
            f"{steps} steps in all ({optim.epochs} epochs of {per_epoch}) are too few to learn: {needed} is the least "
            "to expect something of; give more --optim.epochs, more data, or a smaller --optim.batch-size"
        )


def repeated_items(items: Sequence[ListItem], *, list_file: Path, refuse: bool) -> Iterator[str]:
    """Tell of photos and videos that are listed twice under one label, by path or by content.

    Raises:
        ListFileError: under two labels, where `refuse` is set; published lists are only told of.
    """
    same: list[str] = []
    contrary: list[str] = []
    for group in _groups(items):
        first = group[0]
        for item in group[1:]:
            line = f"{list_file}:{item.line} is {list_file}:{first.line} again ({item.name})"
            (same if item.label == first.label else contrary).append(line)
    if contrary and refuse:
        raise ListFileError(
            f"listed under two labels: {_shown(contrary)}; what is one photo or video can have one label: drop a line"
        )
    if contrary:
        yield f"listed under two labels: {_shown(contrary)}"
    if same:
        yield f"listed twice, so it counts twice: {_shown(same)}"


def in_both_lists(source: Sequence[ListItem], target: Sequence[ListItem], *, config: TrainConfig) -> Iterator[str]:
    """Tell of items that are labelled source and unlabelled target at once: a result on them is not of adaptation."""
    data, known = config.data, set(map(id, source))
    both = [
        f"{data.source_list}:{group[0].line} and {data.target_list}:{item.line} ({item.name})"
        for group in _groups([*source, *target])
        if id(group[0]) in known
        for item in group[1:]
        if id(item) not in known
    ]
    if both:
        yield f"in both lists: {_shown(both)}; results on these videos are of what was given, not of adaptation"


def _groups(items: Sequence[ListItem]) -> list[list[ListItem]]:
    """Return the items that are one, two or more each: the same path and stretch, or whole files of the same bytes."""
    by_path = _grouped(items, lambda item: (item.path.absolute(), item.stretch))
    ones = [group[0] for group in by_path]
    whole = [item for item in ones if item.stretch is None and item.path.is_file()]
    sized = [group for group in _grouped(whole, lambda item: item.path.stat().st_size) if len(group) > 1]
    twins: dict[int, ListItem] = {}
    for like in sized:
        for candidates in _grouped(like, lambda item: _head(item.path)):
            for item in candidates[1:]:
                if filecmp.cmp(candidates[0].path, item.path, shallow=False):
                    twins[id(item)] = candidates[0]
    joined: dict[int, list[ListItem]] = {}
    for group in by_path:
        joined.setdefault(id(twins.get(id(group[0]), group[0])), []).extend(group)
    return [group for group in joined.values() if len(group) > 1]


def _grouped(items: Sequence[ListItem], key: Callable[[ListItem], Hashable]) -> list[list[ListItem]]:
    groups: dict[Hashable, list[ListItem]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(_HEAD_BYTES)).digest()


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def require_fitting_weights(config: TrainConfig) -> None:
    """Refuse weights of another network than the stream's, naming both.

    Raises:
        ConfigError: a file fits another Inception I3D than the stream's network, or that network is one and none fits.
        WeightsError: a file is missing or cannot be read.
    """
    model = config.model
    streams = {"rgb": (model.rgb, model.rgb_weights), "flow": (model.flow, model.flow_weights)}
    if config.inputs == "views":
        streams = {"flow": streams["flow"]} if config.uses_flow else {}
    for stream, (name, weights) in streams.items():
        if weights is None:
            continue
        fitting = fitting_networks(weights)
        if fitting and name not in fitting:
            raise ConfigError(
                f"{weights} fits {fitting[0]}, not {name}; give --model.{stream} {fitting[0]}, or weights of {name}"
            )
        if not fitting and name in i3d_networks():
            raise ConfigError(
                f"{weights} fits none of {', '.join(i3d_networks())}; --model.{stream} is {name}: name the network "
                "that the file was made for, or give other weights"
            )
