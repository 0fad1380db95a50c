from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from depthmotion import flowio
from flowbank import FlowBank, FlowBankError
from tiny_engine import point_config
from videoda_models import TwoStream, create_model
from videoda_train.data.step_batches import StepBatch
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.errors import ConfigError, RunError
from videoda_train.evaluation import Scores
from videoda_train.methods.cfb import Cfb
from videoda_train.methods.flow_memory import FlowMemory
from videoda_train.recipes.config import CfbConfig, ClipConfig, Streams

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0)
NUM_CLASSES = 3


class CodedTarget(TargetDataset):
    """A target data set whose video i has flow codes that are all i + 1."""

    def __init__(self, count: int):
        self.count = count

    def __len__(self) -> int:
        return self.count

    def bank_flow_codes(self, index: int) -> np.ndarray:
        return np.full((4, 32, 32, 2), index + 1, np.uint8)


def make_cfb(folder: Path, *, count: int = 6, used: Streams = "both", **settings: object) -> Cfb:
    torch.manual_seed(0)
    streams = TwoStream(
        create_model("i3d-inception-tiny-rgb", num_classes=NUM_CLASSES, time_stride="cfb"),
        create_model("i3d-inception-tiny-flow", num_classes=NUM_CLASSES, time_stride="cfb"),
    )
    config = CfbConfig(**{"bank_size": 2, "bank_from_epoch": 1, **settings})  # type: ignore[arg-type]
    memory = FlowMemory(
        CodedTarget(count), num_classes=NUM_CLASSES, config=config, clip=CLIP, folder=folder / "bank", seed=0
    )
    return Cfb(streams, memory, config=config, used=used)


def make_scores(pseudo_labels: list[int], confidences: list[float]) -> Scores:
    softmax = torch.zeros(len(pseudo_labels), NUM_CLASSES)
    softmax[torch.arange(len(pseudo_labels)), torch.tensor(pseudo_labels)] = torch.tensor(confidences)
    return Scores(logits=torch.zeros_like(softmax), streams={"rgb": softmax / 2, "flow": softmax / 2})


def make_batch(labels: list[int], *, seed: int = 0) -> StepBatch:
    generator = torch.Generator().manual_seed(seed)
    count = len(labels)

    def clip(channels: int) -> torch.Tensor:
        return torch.randint(0, 256, (count, 4, 32, 32, channels), dtype=torch.uint8, generator=generator)

    return StepBatch(
        source_rgb=clip(3),
        source_flow=clip(2),
        source_labels=torch.tensor(labels),
        source_index=torch.arange(count),
        target_rgb=clip(3),
        target_flow=clip(2),
        target_pace=torch.arange(count) % 5,
    )


SCORES = make_scores([0, 0, 0, 1, 1, 0], [1.0, 1.5, 0.5, 0.9, 0.8, 1.5])


def flow_seen(method: Cfb, batch: StepBatch, *, epoch: int, step: int = 0) -> torch.Tensor:
    """The source flow input of the flow stream in one training step."""
    seen: list[torch.Tensor] = []
    handle = method.streams.flow.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    method.training_step(batch, epoch=epoch, step=step)
    handle.remove()
    return seen[0]


def as_input(code: int) -> float:
    return code / 127.5 - 1


def test_the_bank_is_filled_only_from_its_epoch_on(tmp_path: Path) -> None:
    method, batch = make_cfb(tmp_path), make_batch([0, 1])
    own = flow_seen(method, batch, epoch=0)
    assert method.after_evaluation(0, SCORES) == {}
    assert torch.equal(flow_seen(method, batch, epoch=1), own)
    assert method.after_evaluation(1, SCORES)["bank_counts"] == [2, 2, 0]
    assert not torch.equal(flow_seen(method, batch, epoch=2), own)


def test_source_flow_is_replaced_by_the_most_confident_flows_of_its_class(tmp_path: Path) -> None:
    method = make_cfb(tmp_path)
    method.after_evaluation(1, SCORES)
    drawn = set()
    for step in range(12):
        flow = flow_seen(method, make_batch([0, 1]), epoch=2, step=step)
        for clip in flow:
            assert torch.all(clip == clip.flatten()[0])
        drawn.add((round(float(flow[0].mean()), 4), round(float(flow[1].mean()), 4)))
    # Videos 1 and 5 (codes 2 and 6) are class 0's two best, 3 and 4 (codes 4 and 5) class 1's.
    assert {first for first, _ in drawn} == {round(as_input(2), 4), round(as_input(6), 4)}
    assert {second for _, second in drawn} == {round(as_input(4), 4), round(as_input(5), 4)}


def test_a_class_with_an_empty_bank_keeps_its_own_flow(tmp_path: Path) -> None:
    method, batch = make_cfb(tmp_path), make_batch([2, 0])
    own = flow_seen(method, batch, epoch=0)
    method.after_evaluation(1, SCORES)
    replaced = flow_seen(method, batch, epoch=2)
    assert torch.equal(replaced[0], own[0])
    assert not torch.equal(replaced[1], own[1])


def test_the_mean_reduction_gives_the_mean_flow_of_the_class(tmp_path: Path) -> None:
    method = make_cfb(tmp_path, bank_reduction="mean")
    method.after_evaluation(1, SCORES)
    flow = flow_seen(method, make_batch([0]), epoch=2)
    assert float(flow.mean()) == pytest.approx((as_input(2) + as_input(6)) / 2, abs=1e-4)


def test_the_bank_is_emptied_after_training_and_refilled_by_the_next_evaluation(tmp_path: Path) -> None:
    method, batch = make_cfb(tmp_path), make_batch([0])
    method.after_evaluation(1, SCORES)
    method.after_training(2)
    assert method.state() == {"bank_fill": None}
    method.after_evaluation(2, make_scores([2, 2, 2, 2, 2, 0], [1.0] * 6))
    assert float(flow_seen(method, batch, epoch=3).mean()) == pytest.approx(as_input(6), abs=1e-4)


def test_a_restored_method_draws_the_same_flows(tmp_path: Path) -> None:
    method, restored = make_cfb(tmp_path / "a"), make_cfb(tmp_path / "b")
    method.after_evaluation(1, SCORES)
    restored.load_state(method.state())
    for step in range(5):
        batch = make_batch([0, 1, 0, 1])
        assert torch.equal(flow_seen(method, batch, epoch=2, step=step), flow_seen(restored, batch, epoch=2, step=step))


def test_the_pace_loss_is_the_weighted_cross_entropy_of_the_time_mean(tmp_path: Path) -> None:
    method, batch = make_cfb(tmp_path, pace_weight=0.3), make_batch([0, 1, 2])
    method.module.eval()
    terms = method.training_step(batch, epoch=0, step=0)
    with torch.no_grad():
        features = method.streams.rgb.features(batch.target_rgb.movedim(-1, 1) / 127.5 - 1)
        head = method.module["pace"].conv3d
        logits = (torch.einsum("pf,bft->bpt", head.weight[:, :, 0, 0, 0], features[..., 0, 0])).mean(2) + head.bias
        log_probability = logits - logits.exp().sum(1, keepdim=True).log()
        expected = -0.3 * log_probability[torch.arange(3), batch.target_pace].mean()
    assert float(terms["pace"].detach()) == pytest.approx(float(expected), rel=1e-4)


def test_the_target_flow_moves_batch_norm_statistics_but_has_no_gradient(tmp_path: Path) -> None:
    batch = make_batch([0, 1])
    other = make_batch([0, 1], seed=1)
    changed = StepBatch(
        source_rgb=batch.source_rgb,
        source_flow=batch.source_flow,
        source_labels=batch.source_labels,
        source_index=batch.source_index,
        target_rgb=other.target_rgb,
        target_flow=other.target_flow,
        target_pace=other.target_pace,
    )
    results = []
    for target_batch in (batch, changed):
        run = make_cfb(tmp_path, pace=False)
        torch.manual_seed(1)
        torch.stack(list(run.training_step(target_batch, epoch=0, step=0).values())).sum().backward()
        gradient = run.streams.flow.Conv3d_1a_7x7.conv3d.weight.grad
        assert gradient is not None
        results.append((gradient, run.streams.flow.Conv3d_1a_7x7.bn.running_mean.clone()))
    assert torch.equal(results[0][0], results[1][0])
    assert not torch.equal(results[0][1], results[1][1])


def test_switches_leave_their_parts_out(tmp_path: Path) -> None:
    method = make_cfb(tmp_path, bank=False, pace=False)
    assert "pace" not in method.module
    assert set(method.training_step(make_batch([0]), epoch=5, step=0)) == {
        "rgb_frame",
        "rgb_clip",
        "flow_frame",
        "flow_clip",
    }
    assert method.after_evaluation(9, SCORES) == {}
    assert not (tmp_path / "bank").exists()


@pytest.mark.parametrize(
    ("used", "losses"), [("rgb", {"rgb_frame", "rgb_clip", "pace"}), ("flow", {"flow_frame", "flow_clip"})]
)
def test_a_stream_that_is_not_used_neither_trains_nor_moves(tmp_path: Path, used: Streams, losses: set[str]) -> None:
    method = make_cfb(tmp_path, used=used)
    unused = method.streams.flow if used == "rgb" else method.streams.rgb
    before = {name: value.clone() for name, value in unused.state_dict().items()}
    terms = method.training_step(make_batch([0, 1]), epoch=0, step=0)
    torch.stack(list(terms.values())).sum().backward()
    assert set(terms) == losses
    assert all(parameter.grad is None for parameter in unused.parameters())
    assert all(torch.equal(before[name], value) for name, value in unused.state_dict().items())


def test_one_stream_learns_as_it_does_beside_the_other(tmp_path: Path) -> None:
    both, alone = make_cfb(tmp_path / "a"), make_cfb(tmp_path / "b", used="flow")
    for method in (both, alone):
        method.module.eval()
        method.after_evaluation(1, SCORES)
    terms = [method.training_step(make_batch([0, 1]), epoch=2, step=0) for method in (both, alone)]
    assert all(torch.equal(terms[0][name], value) for name, value in terms[1].items())


def test_scores_of_a_diverged_network_fill_no_bank_and_say_what_to_lower(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"scores of 1 of 3 videos are not finite.*lower --optim\.lr"):
        make_cfb(tmp_path).after_evaluation(1, make_scores([0, 1, 2], [1.0, float("nan"), 1.0]))


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, [[1, 5], [3, 4], []]),
        ({"bank_min_confidence": 0.5}, [[1, 5], [], []]),
        ({"bank_min_confidence": 0.42}, [[1, 5], [3], []]),
        ({"bank_top_fraction": 0.5}, [[1, 5], [3], []]),
        ({"bank_top_fraction": 0.2}, [[1, 5], [], []]),
        ({"bank_total_size": 2}, [[1], [3], []]),
        ({"bank_total_size": 3, "bank_size": 3}, [[1, 5], [3], []]),
    ],
)
def test_the_admission_rules_decide_what_is_kept_and_logged(
    tmp_path: Path, settings: dict[str, float], kept: list[list[int]]
) -> None:
    method = make_cfb(tmp_path, **settings)
    logged = method.after_evaluation(1, SCORES)
    assert logged == {"bank_counts": [len(videos) for videos in kept], "bank_videos": kept}
    restored = make_cfb(tmp_path / "again", **settings)
    restored.load_state(method.state())
    assert restored.memory.logged() == logged


@pytest.mark.parametrize(
    ("name", "value"),
    [("bank_min_confidence", 1.5), ("bank_min_confidence", 0.0), ("bank_top_fraction", -1.0), ("bank_total_size", 0)],
)
def test_admission_rules_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"cfb\.{name} is {value}; "):
        replace(point_config(), cfb=CfbConfig(**{name: value}))  # type: ignore[arg-type]


def test_a_bank_folder_with_someones_file_in_it_is_refused_and_stays(tmp_path: Path) -> None:
    method = make_cfb(tmp_path)
    method.after_evaluation(1, SCORES)
    method.close()
    (tmp_path / "bank" / "notes.txt").write_text("mine")
    with pytest.raises(FlowBankError, match=r"also holds 'notes\.txt'.*nothing was removed"):
        make_cfb(tmp_path).after_evaluation(1, SCORES)
    assert (tmp_path / "bank" / "notes.txt").read_text() == "mine"
    assert FlowBank.open(tmp_path / "bank").counts().tolist() == [2, 2, 0]


def test_the_videos_logged_as_banked_are_those_whose_flow_the_bank_holds(tmp_path: Path):
    method = make_cfb(tmp_path)
    logged = method.after_evaluation(1, SCORES)
    bank = FlowBank.open(tmp_path / "bank")
    for label, videos in enumerate(logged["bank_videos"]):
        assert len(videos) == logged["bank_counts"][label]
        drawn, _ = bank.sample(torch.full((64,), label), generator=torch.Generator().manual_seed(0))
        values = {round(float(value), 3) for value in drawn[:, 0, 0, 0, 0]} if videos else set()
        codes = {round(float(flowio.decode_uint8(np.uint8(i + 1), bound=CLIP.flow_bound)), 3) for i in videos}
        assert values == codes


def test_the_banks_pseudo_labels_are_those_of_the_streams_sum(tmp_path: Path) -> None:
    # RGB alone would say class 0 for all; the sum of both says 1, 0, 2, and orders them by its own confidence.
    rgb = torch.tensor([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0], [0.5, 0.3, 0.2]])
    flow = torch.tensor([[0.1, 0.9, 0.0], [0.4, 0.3, 0.3], [0.1, 0.1, 0.8]])
    method = make_cfb(tmp_path, count=3)
    logged = method.after_evaluation(1, Scores(logits=torch.zeros(3, 3), streams={"rgb": rgb, "flow": flow}))
    assert logged["bank_videos"] == [[1], [0], [2]]
    fill = method.state()["bank_fill"]
    assert fill["confidences"].tolist() == pytest.approx([1.3, 1.3, 1.0])


def test_the_flow_streams_terms_have_each_its_own_weight(tmp_path: Path) -> None:
    terms = []
    for folder, weights in (("a", {}), ("b", {"flow_frame_weight": 3.0, "flow_clip_weight": 0.25})):
        method = make_cfb(tmp_path / folder, **weights)
        method.module.eval()
        losses = method.training_step(make_batch([0, 1, 2]), epoch=0, step=0)
        terms.append({name: value.item() for name, value in losses.items()})
    plain, weighted = terms
    assert weighted["flow_frame"] == pytest.approx(3.0 * plain["flow_frame"])
    assert weighted["flow_clip"] == pytest.approx(0.25 * plain["flow_clip"])
    assert all(weighted[name] == pytest.approx(plain[name]) for name in ("rgb_frame", "rgb_clip"))


def test_nothing_is_drawn_from_the_bank_after_the_training_that_used_it(tmp_path: Path) -> None:
    method, batch = make_cfb(tmp_path), make_batch([0, 1])
    own = flow_seen(method, batch, epoch=0)
    method.after_evaluation(1, SCORES)
    method.after_training(2)
    assert torch.equal(flow_seen(method, batch, epoch=3), own)
