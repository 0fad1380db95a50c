"""Every video scored once, by all processes together."""

import torch

from videoda_train.data.training_data import EvaluationData
from videoda_train.engine.device import autocast
from videoda_train.engine.finite import ANEW, some
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.runtime import Runtime
from videoda_train.errors import RunError
from videoda_train.evaluation import Scores, evaluation_batches, join_scores, score_videos
from videoda_train.methods.method import Method
from videoda_train.progress import ProgressBar

EVALUATION_BATCH = 8


def evaluate(method: Method, videos: EvaluationData, runtime: Runtime) -> Scores:
    """Return the scores of all videos, in list order, in every process.

    The processes take turns by batches, so that how many there are changes no batch.

    Raises:
        Interrupted: a stop was asked in any process.
        RunError: a score is infinite or not a number.
    """
    method.module.eval()
    ranks, stop = runtime.ranks, runtime.stop
    batches = evaluation_batches(len(videos), batch_size=EVALUATION_BATCH)
    own = batches[ranks.rank :: ranks.count]
    parts: list[Scores] = []
    with torch.inference_mode(), autocast(runtime.device, runtime.dtype):
        scored = score_videos(method.score, videos, device=runtime.device, batches=own)
        bar = ProgressBar(
            scored, desc="evaluate", total=len(own), unit="batch", leave=False, disable=not runtime.progress
        )
        for part in bar:
            parts.append(part)
            if stop.asked:
                break
    gathered = ranks.gather((stop.asked, parts))
    if any(asked for asked, _ in gathered):
        raise Interrupted
    scores = join_scores([gathered[i % ranks.count][1][i // ranks.count] for i in range(len(batches))])
    _refuse_not_finite(scores, videos)
    return scores


def _refuse_not_finite(scores: Scores, videos: EvaluationData) -> None:
    # The largest of NaNs is class 0: an accuracy made of them would look like one.
    told = []
    for name, values in {**scores.streams, "sum of logits": scores.logits}.items():
        wrong = (~values.isfinite().all(dim=1)).nonzero()[:, 0].tolist()
        if wrong:
            names = some([videos.items[index].name for index in wrong])
            told.append(f"{name}: {len(wrong)} of {len(videos)} videos ({names})")
    if told:
        raise RunError(
            f"scores are infinite or not numbers, so nothing is measured ({'; '.join(told)}): training has "
            f"diverged, or the weights are damaged. {ANEW}"
        )
