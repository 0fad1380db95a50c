import pytest
import torch
from videoda_models import InputShapeError, ModelOptionError, WeightsError, create_model

transformers = pytest.importorskip("transformers", reason="the extra [hf] is not installed")

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
VIDEO = {
    "VideoMAE": {"image_size": 32, "patch_size": 16, "num_frames": 4, "tubelet_size": 2},
    "Timesformer": {"image_size": 32, "patch_size": 16, "num_frames": 4},
    "Vivit": {"image_size": 32, "tubelet_size": [2, 16, 16], "num_frames": 4},
}
TOWERS = {
    "CLIPVision": ("CLIPVisionModel", {"image_size": 32, "patch_size": 16}),
    "SiglipVision": ("SiglipVisionModel", {"image_size": 32, "patch_size": 16}),
    "Dinov2": ("Dinov2Model", {"image_size": 28, "patch_size": 14, "mlp_ratio": 1}),
}


@pytest.fixture
def video_folder(tmp_path):
    def save(kind, **more):
        torch.manual_seed(0)
        config = getattr(transformers, f"{kind}Config")(**SMALL, **VIDEO[kind], **more)
        network = getattr(transformers, f"{kind}ForVideoClassification")(config).eval()
        network.save_pretrained(tmp_path / kind)
        return tmp_path / kind, network

    return save


@pytest.mark.parametrize("kind", list(VIDEO))
def test_a_saved_video_network_gives_transformers_numbers(video_folder, kind):
    folder, network = video_folder(kind, num_labels=5)
    model = create_model(f"hf:{folder}", num_classes=5).eval()
    clip = torch.randn(2, 3, 4, 32, 32)
    with torch.no_grad():
        expected = network(pixel_values=clip.transpose(1, 2)).logits
        torch.testing.assert_close(model(clip)[:, :, 0], expected)


def test_another_class_count_gets_a_new_last_layer(video_folder):
    folder, _ = video_folder("VideoMAE", num_labels=5)
    model = create_model(f"hf:{folder}", num_classes=3)
    assert model(torch.randn(1, 3, 4, 32, 32)).shape == (1, 3, 1)


@pytest.mark.parametrize("kind", list(TOWERS))
def test_an_image_tower_gives_its_pooled_output_per_frame(tmp_path, kind):
    torch.manual_seed(0)
    name, arguments = TOWERS[kind]
    network = getattr(transformers, name)(getattr(transformers, f"{kind}Config")(**SMALL, **arguments)).eval()
    network.save_pretrained(tmp_path)
    model = create_model(f"hf:{tmp_path}", num_classes=3).eval()
    clip = torch.randn(1, 3, 2, arguments["image_size"], arguments["image_size"])
    with torch.no_grad():
        features = model.features(clip)
        for t in range(2):
            torch.testing.assert_close(features[:, :, t, 0, 0], network(pixel_values=clip[:, :, t]).pooler_output)
        assert model(clip).shape == (1, 3, 2)


def test_a_clip_of_another_length_is_refused(video_folder):
    folder, _ = video_folder("VideoMAE")
    with pytest.raises(InputShapeError, match="takes 4"):
        create_model(f"hf:{folder}", num_classes=3)(torch.zeros(1, 3, 8, 32, 32))


def test_a_frame_of_another_size_is_refused(video_folder):
    folder, _ = video_folder("VideoMAE")
    with pytest.raises(InputShapeError, match="32x32: resize"):
        create_model(f"hf:{folder}", num_classes=3)(torch.zeros(1, 3, 4, 64, 64))


def test_gradients_reach_a_transformers_network(video_folder):
    folder, _ = video_folder("VideoMAE")
    model = create_model(f"hf:{folder}", num_classes=3)
    model(torch.randn(1, 3, 4, 32, 32)).sum().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if n.endswith("weight"))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WeightsError, match="no folder"):
        create_model(f"hf:{tmp_path / 'nowhere'}", num_classes=3)


def test_a_network_for_text_is_refused(tmp_path):
    transformers.BertConfig(image_size=1).save_pretrained(tmp_path)
    with pytest.raises(ModelOptionError, match="is a bert"):
        create_model(f"hf:{tmp_path}", num_classes=3)
