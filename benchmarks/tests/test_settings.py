from pathlib import Path

import pytest
from videoda_bench.errors import PlanError
from videoda_bench.settings import change_settings, parse_settings, with_variables
from videoda_train.errors import ConfigError
from videoda_train.recipes.e2h import E2H_MINI


def test_settings_change_by_dotted_names_and_the_rest_stays():
    changed = change_settings(E2H_MINI, {"method": "dann", "optim.epochs": 2, "optim.milestones": [1], "optim.lr": 1})
    assert (changed.method, changed.optim.epochs, changed.optim.milestones) == ("dann", 2, (1,))
    assert isinstance(changed.optim.lr, float)
    assert changed.clip == E2H_MINI.clip


def test_settings_that_only_go_together_can_be_changed_together():
    with pytest.raises(ConfigError):
        change_settings(E2H_MINI, {"clip.num_frames": 8})
    changed = change_settings(E2H_MINI, {"clip.num_frames": 8, "clip.num_eval_frames": 16})
    assert changed.clip.num_frames == 8


def test_paths_and_nulls_are_taken_where_the_setting_allows_them():
    changed = change_settings(E2H_MINI, {"model.rgb_weights": "w.pt", "model.flow_weights": None})
    assert (changed.model.rgb_weights, changed.model.flow_weights) == (Path("w.pt"), None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optim.epoch": 2}, "no setting optim.epoch; there are"),
        ({"optim": 3}, "optim is a group of settings"),
        ({"optim.epochs": "two"}, "optim.epochs is 'two'; it must be int"),
        ({"optim.epochs": True}, "optim.epochs is True; it must be int"),
        ({"method": "magic"}, "method is 'magic'; allowed: source_only"),
        ({"cfb.bank": None}, "cfb.bank is None; it must be bool"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, object], message: str):
    with pytest.raises(PlanError) as refusal:
        change_settings(E2H_MINI, settings)
    assert message in str(refusal.value)


def test_settings_are_read_from_texts_as_yaml():
    assert parse_settings(["optim.milestones=[8, 10]", "motion.depth=dir:a=b", "model.rgb_weights=null"]) == {
        "optim.milestones": [8, 10],
        "motion.depth": "dir:a=b",
        "model.rgb_weights": None,
    }


@pytest.mark.parametrize("text", ["optim.epochs", "a=[1"])
def test_a_text_that_sets_nothing_is_refused(text: str):
    with pytest.raises(PlanError, match="is not NAME=VALUE"):
        parse_settings([text])


def test_variables_in_texts_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOLDER", "/some where")
    settings = {"model.rgb_weights": "${FOLDER}/a.npz", "optim.epochs": 2, "motion.depth": "$FOLDER"}
    assert with_variables(settings) == {**settings, "model.rgb_weights": "/some where/a.npz"}


def test_a_variable_that_is_not_set_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("FOLDER", raising=False)
    with pytest.raises(PlanError, match="FOLDER is not set; do: export FOLDER="):
        with_variables({"model.rgb_weights": "${FOLDER}/a.npz"})
