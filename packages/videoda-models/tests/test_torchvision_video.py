import pytest
import torch
import torchvision
from videoda_models import InputShapeError, TorchvisionVideoModel, list_models, load_weights, model_card
from videoda_models.torchvision_cards import TORCHVISION_CARDS

SMALL = [("r3d_18", (4, 32)), ("mc3_18", (4, 32)), ("r2plus1d_18", (4, 32)), ("swin3d_t", (4, 64))]


@pytest.mark.parametrize(("architecture", "size"), SMALL)
def test_torchvisions_own_file_gives_torchvisions_numbers(tmp_path, architecture, size):
    torch.manual_seed(0)
    original = getattr(torchvision.models.video, architecture)(num_classes=9).eval()
    torch.save(original.state_dict(), tmp_path / "a.pth")
    model = TorchvisionVideoModel(9, architecture=architecture).eval()
    load_weights(model, tmp_path / "a.pth")
    clip = torch.randn(1, 3, size[0], size[1], size[1])
    with torch.no_grad():
        torch.testing.assert_close(model(clip)[:, :, 0], original(clip))


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "frames"), [("s3d", 14), ("mvit_v2_s", 16), ("mvit_v1_b", 16)])
def test_large_clips_give_torchvisions_numbers(architecture, frames):
    torch.manual_seed(0)
    original = getattr(torchvision.models.video, architecture)(num_classes=4).eval()
    model = TorchvisionVideoModel(4, architecture=architecture).eval()
    model.load_state_dict(model.convert_checkpoint(original.state_dict()))
    clip = torch.randn(1, 3, frames, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(model(clip)[:, :, 0], original(clip), rtol=1e-4, atol=1e-5)


def test_mvit_names_the_only_clip_it_takes():
    with torch.device("meta"):
        model = TorchvisionVideoModel(4, architecture="mvit_v2_s")
    with pytest.raises(InputShapeError, match="16 frames of 224x224"):
        model.check_input(torch.zeros(1, 3, 8, 64, 64))


VIDEO = [card.name for card in TORCHVISION_CARDS]


@pytest.mark.parametrize("name", VIDEO)
def test_weight_cards_name_torchvisions_own_files(name):
    card = model_card(name)
    weights = torchvision.models.get_model_weights(card.fixed["architecture"]).KINETICS400_V1
    assert card.weights[0].url == weights.url


@pytest.mark.parametrize("name", list_models("inflated-*", pretrained=True))
def test_inflated_weight_cards_name_torchvisions_own_files(name):
    card = model_card(name)
    urls = [weights.url for weights in torchvision.models.get_model_weights(card.fixed["architecture"])]
    assert card.weights[0].url in urls
