"""Configurations that runs wrote, read again."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from videoda_train.errors import ConfigError, RunError
from videoda_train.recipes.config import MethodName, TrainConfig, from_dict, to_dict
from videoda_train.run_folder import RunFolder

CONFIGS = Path(__file__).parent / "configs"


def stored(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())


@pytest.mark.parametrize("method", get_args(MethodName))
def test_the_configuration_of_an_earlier_run_opens_and_means_what_it_says(method: str) -> None:
    config, written = from_dict(stored(method)), stored(method)
    assert config.method == method
    now = to_dict(config)
    for section, values in written.items():
        if isinstance(values, dict):
            assert {key: now[section][key] for key in values} == values
        else:
            assert now[section] == values


@pytest.mark.parametrize("section", [f.name for f in fields(TrainConfig) if f.name not in ("data", "method", "inputs")])
def test_a_section_or_setting_that_came_later_has_its_default(section: str) -> None:
    values = stored("cfb")
    default = {f.name: f for f in fields(TrainConfig)}[section]
    del values[section]
    config = from_dict(values)
    expected = default.default_factory() if callable(default.default_factory) else default.default  # type: ignore[misc]
    assert getattr(config, section) == expected


def test_single_settings_that_came_later_have_their_defaults() -> None:
    values = stored("cfb")
    del values["cfb"]["flow_lr_factor"], values["optim"]["ema_decay"], values["data"]["test_list"]
    assert from_dict(values) == from_dict(stored("cfb"))


def test_settings_of_a_newer_version_are_named_in_one_line(tmp_path: Path) -> None:
    values = stored("cfb")
    values["cfb"]["bank_colour"] = "red"
    values["magic"] = {"on": True}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(RunError, match=r"^.*config\.yaml is not .*does not know: magic, cfb\.bank_colour\); [^\n]*$"):
        RunFolder(tmp_path).read_config()


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "just words", "data: 3", "data: {}", "a: [", "\udcff", "optim: {epochs: three}"]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yaml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RunError, match=r"^.*config\.yaml is not a run's configuration \([^\n]*$"):
        RunFolder(tmp_path).read_config()


def test_values_out_of_range_are_named() -> None:
    values = stored("cfb")
    values["optim"]["epochs"] = 0
    with pytest.raises(ConfigError, match=r"optim\.epochs is 0"):
        from_dict(values)
    config = from_dict(stored("cfb"))
    assert from_dict(to_dict(replace(config, seed=3))) == replace(config, seed=3)
