import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from videoda_models import WeightsError, create_model
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code
from videoda_train.recipes.custom import CUSTOM, StreamWeights, custom_options
from videoda_train.recipes.fitting_network import fitting_networks, i3d_networks


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as published, with 400 classes and without batch norm's step counters, of every Inception I3D."""
    folder = tmp_path_factory.mktemp("weights")
    for name in i3d_networks():
        state = create_model(name, num_classes=400).state_dict()
        torch.save({key: value for key, value in state.items() if "num_batches" not in key}, folder / f"{name}.pt")
    torch.save({"some.weight": torch.zeros(3)}, folder / "other.pt")
    return folder


@pytest.mark.parametrize("name", i3d_networks())
def test_a_file_fits_the_network_it_was_made_from(weights: Path, name: str) -> None:
    assert fitting_networks(weights / f"{name}.pt")[0] == name


def test_weights_for_rgb_start_a_flow_network_of_their_size(weights: Path) -> None:
    full = StreamWeights(flow=weights / "i3d-inception-rgb.pt")
    assert custom_options("cfb", weights=full).model.flow == "i3d-inception-flow"


def test_another_file_fits_none_and_a_missing_one_is_named(weights: Path) -> None:
    assert fitting_networks(weights / "other.pt") == []
    with pytest.raises(WeightsError, match=r"gone\.pt"):
        fitting_networks(weights / "gone.pt")


def test_full_size_weights_bring_their_network_and_its_frames(weights: Path) -> None:
    full = StreamWeights(weights / "i3d-inception-rgb.pt", weights / "i3d-inception-flow.pt")
    options = custom_options("cfb", weights=full)
    assert (options.model.rgb, options.model.flow) == ("i3d-inception-rgb", "i3d-inception-flow")
    assert (options.clip.resize, options.clip.crop, options.clip.flow_bound, options.motion.size) == (256, 224, 20, 384)
    assert options.model.batch_norm_momentum == 0.01
    one = custom_options("cfb", weights=replace(full, flow=None))
    assert (one.model.rgb, one.model.flow) == ("i3d-inception-rgb", CUSTOM.model.flow)


def test_narrow_foreign_and_swapped_weights_change_no_default(weights: Path) -> None:
    for name in ("i3d-inception-tiny-rgb", "other", "i3d-inception-flow", "gone"):
        assert custom_options("cfb", weights=StreamWeights(rgb=weights / f"{name}.pt")) == replace(CUSTOM, method="cfb")


def dry_run(data: Path, *arguments: object) -> int:
    lists = [part for name in ("source", "target") for part in (f"--{name}-list", data / f"{name}.txt")]
    words = ["train", "custom", *lists, "--classes", data / "classes.txt", "--dry-run", "--optim.batch-size", 4]
    return exit_code("videoda", lambda: run_command([str(word) for word in (*words, *arguments)]))


def test_the_command_takes_the_network_that_the_weights_fit(
    tiny_data: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smaller = ("--clip.resize", 72, "--clip.crop", 64)
    assert dry_run(tiny_data, "--model.rgb-weights", weights / "i3d-inception-rgb.pt", *smaller) == 0
    out = capsys.readouterr().out
    assert re.search(r"^ *rgb: i3d-inception-rgb$", out, re.MULTILINE)
    assert re.search(r"^ *flow: i3d-inception-tiny-flow$", out, re.MULTILINE)
    assert re.search(r"^ *resize: 72$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "file", "expected"),
    [
        (
            ("--model.rgb", "i3d-inception-tiny-rgb"),
            "i3d-inception-rgb",
            "fits i3d-inception-rgb, not i3d-inception-tiny-rgb; give --model.rgb i3d-inception-rgb",
        ),
        ((), "i3d-inception-flow", "fits i3d-inception-flow, not i3d-inception-tiny-rgb"),
        (
            (),
            "other",
            "fits none of i3d-inception-rgb, i3d-inception-tiny-rgb, .*--model.rgb is i3d-inception-tiny-rgb",
        ),
        ((), "gone", "gone.pt"),
    ],
)
def test_weights_of_another_network_are_refused_by_both_names(
    tiny_data: Path,
    weights: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    file: str,
    expected: str,
) -> None:
    assert dry_run(tiny_data, "--model.rgb-weights", weights / f"{file}.pt", *arguments) == 2
    error = capsys.readouterr().err
    assert re.search(expected, error)
    assert error.count("\n") == 1
