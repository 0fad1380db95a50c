"""Every video scored once, by all processes together."""

import torch
from tqdm import tqdm

from videoda_train.data.training_data import EvaluationData
from videoda_train.engine.device import autocast
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.runtime import Runtime
from videoda_train.evaluation import Scores, evaluation_batches, join_scores, score_videos
from videoda_train.methods.method import Method

EVALUATION_BATCH = 8


def evaluate(method: Method, videos: EvaluationData, runtime: Runtime) -> Scores:
    """Return the scores of all videos, in list order, in every process.

    The processes take turns by batches, so that how many there are changes no batch.

    Raises:
        Interrupted: a stop was asked in any process.
    """
    method.module.eval()
    ranks, stop = runtime.ranks, runtime.stop
    batches = evaluation_batches(len(videos), batch_size=EVALUATION_BATCH)
    own = batches[ranks.rank :: ranks.count]
    parts: list[Scores] = []
    with torch.inference_mode(), autocast(runtime.device, runtime.dtype):
        scored = score_videos(method.score, videos, device=runtime.device, batches=own)
        bar = tqdm(scored, desc="evaluate", total=len(own), unit="batch", leave=False, disable=not runtime.progress)
        for part in bar:
            parts.append(part)
            if stop.asked:
                break
    gathered = ranks.gather((stop.asked, parts))
    if any(asked for asked, _ in gathered):
        raise Interrupted
    return join_scores([gathered[i % ranks.count][1][i // ranks.count] for i in range(len(batches))])
