import pickle

import pytest
import safetensors.torch
import torch
from videoda_models import InceptionI3d, WeightsError, create_model, load_weights

NAME = "i3d-inception-tiny-rgb"


def small(num_classes=6, in_channels=3):
    return InceptionI3d(num_classes, in_channels, width=0.0625)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_saved_weights_give_the_same_numbers_back(tmp_path, suffix):
    old, new = small().eval(), small().eval()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        safetensors.torch.save_file(old.state_dict(), path)
    else:
        torch.save(old.state_dict(), path)
    load_weights(new, path)
    x = torch.randn(1, 3, 4, 32, 32)
    torch.testing.assert_close(new(x), old(x))


def test_legacy_pytorch_files_load(tmp_path):
    old, new = small(), small()
    torch.save(old.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    load_weights(new, tmp_path / "old.pt")
    assert torch.equal(new.logits.conv3d.weight, old.logits.conv3d.weight)


def test_files_without_batch_norm_counters_load(tmp_path):
    old, new = small(), small()
    state = {k: v for k, v in old.state_dict().items() if not k.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "old.pt")
    load_weights(new, tmp_path / "old.pt")
    assert torch.equal(new.Mixed_5c.b0.conv3d.weight, old.Mixed_5c.b0.conv3d.weight)


def test_a_nested_distributed_checkpoint_loads(tmp_path):
    old, new = small(), small()
    torch.save({"state_dict": {f"module.{k}": v for k, v in old.state_dict().items()}, "epoch": 3}, tmp_path / "a.pth")
    load_weights(new, tmp_path / "a.pth")
    assert torch.equal(new.logits.conv3d.bias, old.logits.conv3d.bias)


def test_create_model_replaces_the_last_layer_of_a_400_class_file(tmp_path):
    old = create_model(NAME, num_classes=400)
    torch.save(old.state_dict(), tmp_path / "a.pt")
    new = create_model(NAME, num_classes=13, pretrained=tmp_path / "a.pt", time_stride="cfb")
    assert new.num_classes == new.logits.conv3d.weight.shape[0] == 13
    assert torch.equal(new.Mixed_5c.b0.conv3d.weight, old.Mixed_5c.b0.conv3d.weight)


def test_another_class_count_is_explained(tmp_path):
    torch.save(small(400).state_dict(), tmp_path / "a.pt")
    with pytest.raises(
        WeightsError, match=r"400 classes, this model has 6; create it with num_classes=400.*logits\(6\)"
    ):
        load_weights(small(), tmp_path / "a.pt")


def test_missing_unexpected_and_misshaped_keys_are_named(tmp_path):
    state = small().state_dict()
    state["Mixed_5c.b0.conv3d.weigth"] = state.pop("Mixed_5c.b0.conv3d.weight")
    state["Mixed_4b.b0.bn.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(WeightsError) as caught:
        load_weights(small(), tmp_path / "a.pt")
    message = str(caught.value)
    assert "missing 1 key: Mixed_5c.b0.conv3d.weight" in message
    assert "Mixed_5c.b0.conv3d.weigth (did you mean Mixed_5c.b0.conv3d.weight?)" in message
    assert "Mixed_4b.b0.bn.bias (3,) instead of (12,)" in message
    assert "\n" not in message


def test_a_refused_file_leaves_the_model_as_it_was(tmp_path):
    model = small()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = small().state_dict()
    state.pop("logits.conv3d.bias")
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(WeightsError):
        load_weights(model, tmp_path / "a.pt")
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (open, (self.marker, "w"))


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, writer):
    marker, path = tmp_path / "ran", tmp_path / "a.pt"
    if writer == "torch":
        torch.save({"w": Payload(str(marker))}, path)
    else:
        path.write_bytes(pickle.dumps({"w": Payload(str(marker))}, protocol=2))
    with pytest.raises(WeightsError, match=r"a\.pt holds (io\.)?open besides tensors") as caught:
        load_weights(small(), path)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02\xff\xff", b"PK\x03\x04" + bytes(100)])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".npz"])
def test_a_file_that_holds_no_weights_is_one_clear_line(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="fetch it again") as caught:
        load_weights(small(), path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_truncated_file_is_one_clear_line(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".pt":
        torch.save(small().state_dict(), path)
    else:
        safetensors.torch.save_file(small().state_dict(), path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="fetch it again") as caught:
        load_weights(small(), path)
    assert "\n" not in str(caught.value)


def test_weights_of_another_architecture_are_refused(tmp_path):
    torch.save(torch.nn.Linear(3, 4).state_dict(), tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="missing 287 keys"):
        load_weights(small(), tmp_path / "a.pt")


def test_flow_weights_in_an_rgb_model_name_the_stem(tmp_path):
    torch.save(small(in_channels=2).state_dict(), tmp_path / "a.pt")
    with pytest.raises(
        WeightsError, match=r"Conv3d_1a_7x7.conv3d.weight \(4, 2, 7, 7, 7\) instead of \(4, 3, 7, 7, 7\)"
    ):
        load_weights(small(), tmp_path / "a.pt")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="nowhere"):
        load_weights(small(), tmp_path / "nowhere.pt")
