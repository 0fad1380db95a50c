"""A run's checkpoint, evaluated again."""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.atomic_file import write_text
from videoda_train.data.list_file import read_classes, read_list, require_files
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.device import autocast, resolve_device, resolve_precision
from videoda_train.engine.run import RunInputs, describe_results, prepared_paths
from videoda_train.engine.training_loop import EVALUATION_BATCH
from videoda_train.evaluation import join_scores, measure, score_videos
from videoda_train.methods.build import build_method
from videoda_train.run_folder import RunFolder


def evaluate_run(
    run_dir: Path, *, list_file: Path | None = None, out_dir: Path | None = None, device_name: str = "auto"
) -> tuple[Path, dict[str, Any]]:
    """Evaluate a run's newest checkpoint.

    Args:
        run_dir: the run folder.
        list_file: videos to classify; default: the run's own target list.
        out_dir: where to write `results.json` and `predictions.csv`; default: `RUN/eval/LIST_NAME`.
        device_name: as in a run's configuration.

    Returns:
        The output folder and the results.

    Raises:
        RunError: the folder holds no checkpoint.
        ListFileError: the list does not fit the run's classes.
    """
    folder = RunFolder(run_dir)
    config = folder.read_config()
    saved = load_checkpoint(folder.checkpoint_file)
    classes = read_classes(config.data.classes)
    paths = prepared_paths(config, folder)
    if list_file is not None:
        data = dataclasses.replace(config.data, target_list=list_file, root=None)
        config = dataclasses.replace(config, data=data)
        paths = PreparedPaths(folder.root / "eval" / list_file.stem / "prepared")
    items = read_list(config.data.target_list, root=config.data.root, num_classes=len(classes))
    require_files(items, list_file=config.data.target_list)
    facts = cache_target_flow(items, paths, list_file=config.data.target_list, clip=config.clip, progress=True)
    cache = ArrayCache(max_bytes=0)
    target = TargetDataset(items, facts, paths, clip=config.clip, num_paces=config.cfb.num_paces, cache=cache)
    device = resolve_device(device_name)
    with tempfile.TemporaryDirectory() as bank_dir:
        method = build_method(
            config, num_classes=len(classes), target=target, bank_dir=Path(bank_dir) / "bank", device=device
        )
    method.module.load_state_dict(saved["module"])
    method.module.eval()
    with torch.inference_mode(), autocast(device, resolve_precision(config.precision, device)):
        parts = list(score_videos(method.score, target, device=device, batch_size=EVALUATION_BATCH))
    scores = join_scores(parts)
    metrics = measure(scores, torch.tensor([item.label for item in items]))
    results = {
        **describe_results(config, RunInputs(classes=classes, source=[], target=items, evaluated=items), metrics),
        "checkpoint": {"epoch": saved["epoch"], "step": saved["step"]},
    }
    out = RunFolder(out_dir or folder.root / "eval" / config.data.target_list.stem)
    out.write_predictions(items, classes, scores)
    write_text(out.results_file, json.dumps(results, indent=1))
    return out.root, results
