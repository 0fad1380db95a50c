from pathlib import Path

import pytest
import yaml
from videoda_bench.errors import TaskError
from videoda_bench.tasks import METRICS, Task, list_tasks, load_task
from videoda_train.data.prepare import B2U, E2H, S2U, PublishedTask
from videoda_train.data.prepare._kinetics_babel import MERGED_CLASSES, TOTALS

OWN = {
    "name": "mine",
    "title": "Mine → yours",
    "kind": "photos-to-videos",
    "counts_source": "counted",
    "source": {
        "dataset": {"name": "mine", "title": "Mine", "source": "here", "terms": "mine", "layout": "CLASS/*.jpg"}
    },
    "target": {"dataset": "ucf101", "lists": {"target": 5}},
    "protocol": {"evaluation": "transductive", "metric": "acc_softmax", "seeds": [0]},
    "recipe": "custom",
    "rows": "cfb",
    "classes": [{"name": "run", "target_count": 2}, {"name": "jump", "source": ["leap", "hop"], "target_count": 3}],
}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in {**OWN, **changes}.items() if value is not None}))
    return path


@pytest.mark.parametrize("name", list_tasks())
def test_every_task_file_is_valid_and_names_what_a_reader_needs(name: str):
    task = load_task(name)
    assert task.name == name
    assert task.metric in METRICS
    assert task.source.dataset.source
    assert task.source.dataset.terms
    assert task.target.dataset.terms


@pytest.mark.parametrize("published", [E2H, S2U, B2U], ids=lambda published: published.name)
def test_photo_tasks_agree_with_the_counts_that_prepare_checks(published: PublishedTask):
    task = load_task(published.name)
    assert tuple(each.name for each in task.classes) == published.classes
    for side, facts in (("source", published.source), ("target", published.target)):
        domain = getattr(task, side)
        assert domain.dataset.name == facts.dataset
        assert tuple(getattr(each, side)[0] for each in task.classes) == facts.folders
        counts = [getattr(each, f"{side}_count") for each in task.classes]
        assert counts == list(facts.per_class or [None] * len(counts))
        assert domain.lists.get(side) == facts.total


def test_kinetics_to_babel_agrees_with_the_classes_and_counts_that_prepare_checks():
    task = load_task("k2b")
    assert {each.name: each.source for each in task.classes} == MERGED_CLASSES
    assert {**task.source.lists, **task.target.lists} == TOTALS


def test_the_published_runs_of_cfb_average_to_the_published_means():
    # E→H 77.42, S→U 97.33: the published means of the three runs that are listed.
    means = {name: load_task(name).published[0].mean for name in ("e2h", "s2u")}
    assert means == {"e2h": pytest.approx(77.42, abs=0.005), "s2u": pytest.approx(97.33, abs=0.005)}


def test_both_directions_of_ucf_hmdb_have_the_same_classes_and_split_sizes():
    there, back = load_task("u2h"), load_task("h2u")
    assert [(each.source, each.target) for each in there.classes] == [
        (each.target, each.source) for each in back.classes
    ]
    # Split 1 takes 70 + 30 videos of each HMDB51 class; UCF101 has 2009 videos of the 15 merged classes.
    assert there.target.lists == {"target": 12 * 70, "target_test": 12 * 30}
    assert back.target.lists["target"] + back.target.lists["target_test"] == 2009


def test_a_task_of_ones_own_is_read_from_its_file(tmp_path: Path):
    task: Task = load_task(write(tmp_path))
    assert task.source.dataset.title == "Mine"
    assert task.classes[1].source == ("leap", "hop")
    assert task.classes[1].target == ("jump",)
    assert [row.name for row in task.rows] == [row.name for row in load_task("e2h").rows]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "texts-to-videos"}, "kind is 'texts-to-videos'; allowed: photos-to-videos"),
        ({"colour": "red"}, "unknown colour"),
        ({"title": None}, "title is None"),
        ({"target": {"dataset": "ucf11"}}, "target.dataset is 'ucf11'; name one of eads"),
        ({"target": {"dataset": "ucf101", "lists": {"target": 6}}}, "counts sum to 5, the list has 6"),
        ({"classes": ["run", "run"]}, "a name stands twice"),
        ({"classes": ["run"]}, "at least two"),
        (
            {"rows": [{"name": "a", "title": "A", "settings": {"method": "cfb", "optim.speed": 3}}]},
            "no setting optim.sp",
        ),
        ({"rows": [{"name": "a", "title": "A", "settings": {"optim.lr": 3}}]}, "row a: settings name no method"),
        ({"rows": [{"name": "a", "title": "A", "settings": {"method": "dann", "x": "run:b"}}]}, "a starts from b"),
        ({"rows": "abc"}, "rows is 'abc'; allowed: cfb, glad"),
        ({"published": [{"title": "x", "metric": "acc_softmax", "source": "y"}]}, "give either runs, or mean"),
        ({"published": [{"title": "x", "metric": "acc_softmax", "source": "y", "mean": 0.7, "row": "z"}]}, "row 'z'"),
        ({"protocol": {"evaluation": "transductive", "metric": "acc_softmax"}}, "protocol.seeds is []"),
    ],
)
def test_a_wrong_task_file_is_refused_with_what_is_wrong(tmp_path: Path, changes: dict[str, object], message: str):
    with pytest.raises(TaskError, match=r"mine\.yaml") as refusal:
        load_task(write(tmp_path, **changes))
    assert message in str(refusal.value)


def test_an_unknown_task_names_the_known_ones():
    with pytest.raises(TaskError, match=r"no task 'x2y'; there are b2u, e2h, h2u, k2b, s2u, u2h"):
        load_task("x2y")


def test_settings_of_every_row_give_way_to_a_rows_own(tmp_path: Path):
    rows = [
        {"name": "a", "title": "A", "settings": {"method": "cfb"}},
        {"name": "b", "title": "B", "settings": {"method": "dann", "optim.lr": 0.2}},
    ]
    task = load_task(write(tmp_path, rows=rows, settings={"optim.lr": 0.1, "optim.epochs": 3, "optim.milestones": []}))
    assert [row.settings["optim.lr"] for row in task.rows] == [0.1, 0.2]
    assert all(row.settings["optim.epochs"] == 3 for row in task.rows)


def test_a_wrong_setting_of_every_row_is_refused_by_name(tmp_path: Path):
    with pytest.raises(TaskError, match=r"no setting optim\.rate"):
        load_task(write(tmp_path, settings={"optim.rate": 0.1}))


def test_a_published_number_says_which_epoch_it_is_of(tmp_path: Path):
    published = [{"title": "X", "metric": "acc_softmax", "mean": 50.0, "source": "a paper"}]
    assert load_task(write(tmp_path, published=published)).published[0].origin == "a paper"
    published[0]["selection"] = "best epoch by target labels"
    assert load_task(write(tmp_path, published=published)).published[0].origin.endswith("best epoch by target labels")
    published[0]["selection"] = "the best"
    with pytest.raises(TaskError, match=r"published\.selection"):
        load_task(write(tmp_path, published=published))
