import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
from videoda_train.data.check_list import check_list
from videoda_train.data.flow import FlowConfig, compare_flow, flow_list
from videoda_train.data.list_file import read_classes, read_list
from videoda_train.data.median_list import median_list
from videoda_train.data.transcode import TranscodeConfig, transcode_list
from videoda_train.data.video_check import check_video
from videoda_train.data.video_facts import find_facts
from videoda_train.data.video_reader import find_seek_points, open_video, stream_frames
from videoda_train.recipes import DataConfig, ModelConfig
from videoda_train.recipes.config import LoadingConfig, from_dict, to_dict, with_data
from videoda_train.recipes.custom import CUSTOM
from videoda_train.recipes.views_config import GladConfig

PACKAGES = ("data.video_reader", "data.flow", "data.prepare", "engine", "methods", "recipes", "report")
DOCUMENTED = (
    *("data.check_list.check_list", "data.list_file.read_list", "data.median_list.median_list"),
    *("data.transcode.transcode_list", "data.video_check.check_video", "data.video_facts.find_facts"),
    *("engine.dry_run.describe_run", "engine.evaluate_checkpoints.evaluate_checkpoints"),
)


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What the packages export, and the functions behind the commands."""
    for name in PACKAGES:
        module = importlib.import_module(f"videoda_train.{name}")
        for exported in module.__all__:
            value = getattr(module, exported)
            if callable(value) and not is_dataclass(value):
                yield f"{name}.{exported}", value
    for name in DOCUMENTED:
        module, _, function = name.rpartition(".")
        yield name, getattr(importlib.import_module(f"videoda_train.{module}"), function)


@pytest.mark.parametrize(("name", "function"), list(public_functions()))
def test_a_public_function_that_takes_a_path_takes_text_too(name: str, function: Callable[..., Any]) -> None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a Literal or a Protocol has no arguments
        return
    for parameter in parameters:
        kinds = set(re.findall(r"\w+", inspect.formatannotation(parameter.annotation)))
        assert "Path" not in kinds or "str" in kinds, f"{name}({parameter.name}: {parameter.annotation})"


def test_a_videos_functions_give_the_same_for_a_path_and_its_text(tiny_data: Path) -> None:
    video = next((tiny_data / "videos" / "class0").iterdir())
    assert find_facts(str(video)) == find_facts(video)
    assert find_seek_points(str(video)) == find_seek_points(video)
    assert check_video(str(video)) == check_video(video)
    assert len(open_video(str(video))) == len(list(stream_frames(str(video))))


def test_the_functions_behind_the_data_commands_take_text(tiny_data: Path, tmp_path: Path) -> None:
    lines = (tiny_data / "target.txt").read_text().splitlines()[:2]
    list_file = tmp_path / "two.txt"
    list_file.write_text("".join(f"{tiny_data}/{line}\n" for line in lines))
    given, out = str(list_file), str(tmp_path)
    assert len(read_list(given)) == 2
    assert len(read_classes(str(tiny_data / "classes.txt"))) == 3
    assert len(check_list(given, out=f"{out}/check.csv", root=out, progress=False).rows) == 2
    assert median_list(given, out_dir=f"{out}/median", root=out, progress=False).done == 2
    assert transcode_list(given, out_dir=f"{out}/again", config=TranscodeConfig(), progress=False).done == 2
    assert flow_list(given, out_dir=f"{out}/flow", config=FlowConfig(), progress=False).done == 2
    assert all(one.mean == 0 for one in compare_flow(f"{out}/flow", f"{out}/flow"))


def test_a_configuration_makes_paths_of_text_and_comes_back_from_its_file_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its fields are annotated as what they become, which the checked test run would hold against the arguments.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    text: Any = ("photos.txt", "videos.txt", "classes.txt")
    data = DataConfig(*text, root="data")
    assert data == DataConfig(*map(Path, text), root=Path("data"))
    model = replace(ModelConfig(), rgb_weights="rgb.pt", backbone_weights="runs/tol")  # type: ignore[arg-type]
    assert (model.rgb_weights, model.backbone_weights) == (Path("rgb.pt"), "runs/tol")
    loading = LoadingConfig(prepared_dir="prepared")  # type: ignore[arg-type]
    glad = GladConfig(medians="median")  # type: ignore[arg-type]
    config = with_data(replace(CUSTOM, model=model, loading=loading, glad=glad), data, task="custom", scale="custom")
    assert from_dict(to_dict(config)) == config
    assert all(
        isinstance(getattr(config.data, f.name), Path | None) for f in fields(DataConfig) if f.name != "one_class"
    )
