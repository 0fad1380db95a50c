"""What is said of an evaluation, the same in print and on pages."""

from collections.abc import Mapping, Sequence
from typing import Any


def describe_metrics(metrics: Mapping[str, Any], *, count: int) -> str:
    """Return one evaluation in words: accuracies and of how many videos, or without labels what was predicted.

    Args:
        metrics: as `results.json` has them.
        count: videos that were classified.
    """
    if metrics["acc_softmax"] is None:
        counts = metrics["predicted_counts"]
        return (
            f"{_videos(count)} classified, mean confidence {metrics['mean_confidence']:.2f}, "
            f"{sum(map(bool, counts))} of {len(counts)} classes predicted"
        )
    return (
        f"AccSf {100 * metrics['acc_softmax']:.1f} %, Acc {100 * metrics['acc_logits']:.1f} %, "
        f"mean class accuracy {100 * metrics['mean_class_accuracy']:.1f} % of {measured_videos(metrics, count=count)}"
    )


def describe_evaluation(results: Mapping[str, Any], *, num_checkpoints: int = 1) -> list[str]:
    """Return the lines that say what came out of `videoda eval`, and which of the videos were seen in training."""
    count = results["num_target_videos"]
    best = ", ".join(f"top-{k} {100 * value:.1f} %" for k, value in (results["top_k_accuracy"] or {}).items())
    fused = f", by {num_checkpoints} checkpoints fused" if num_checkpoints > 1 else ""
    lines = [describe_metrics(results, count=count) + (f" ({best})" if best else "") + fused]
    if results["no_accuracy"]:
        lines.append(f"no accuracy: {results['no_accuracy']}")
    return [*lines, *describe_split(results)]


def describe_split(results: Mapping[str, Any]) -> list[str]:
    """Return the lines that say which of the evaluated videos were seen in training."""
    count, adapted, in_source = (results[key] for key in ("num_target_videos", "num_adapted", "num_in_source"))
    if adapted is None:
        return [f"held out or adapted to is not known: {results['unknown_split']}"]
    if not adapted and not in_source:
        return [f"held out: none of the {_videos(count)} was adapted to"]
    lines = []
    if adapted:
        lines.append(f"{adapted} of {_videos(count)} were adapted to (transductive)" + _part(results, "adapted"))
    if in_source:
        lines.append(f"{in_source} of {_videos(count)} were learnt from with their labels: no test at all")
    if "held_out" in results:
        lines.append(f"{results['held_out']['num_videos']} held out" + _part(results, "held_out"))
    return lines


def _part(results: Mapping[str, Any], name: str) -> str:
    part = results.get(name)
    return f": {describe_metrics(part, count=part['num_videos'])}" if part else ""


def measured_videos(metrics: Mapping[str, Any], *, count: int) -> str:
    """Return how many videos an accuracy is over, and of how many where others have no label."""
    labelled = metrics.get("num_labelled", count)
    return _videos(count) if labelled == count else f"the {labelled} of {_videos(count)} that have a label"


def most_predicted(counts: Sequence[int], classes: Sequence[str], *, most: int = 5) -> str:
    """Return the classes that were predicted most, with how often."""
    order = sorted((k for k in range(len(counts)) if counts[k]), key=lambda k: (-counts[k], k))
    more = f" and {len(order) - most} more" if len(order) > most else ""
    return ", ".join(f"{classes[k]} {counts[k]}" for k in order[:most]) + more


def _videos(count: int) -> str:
    return f"{count} video" if count == 1 else f"{count} videos"
