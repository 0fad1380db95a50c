import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_views import write_world
from torch import Tensor
from videoda_train.data.view_videos import EvaluationViews
from videoda_train.engine import run_training
from videoda_train.errors import ConfigError
from videoda_train.methods.zero_shot import ZeroShot, image_side, spoken
from videoda_train.recipes.config import DataConfig, OptimConfig, TrainConfig
from videoda_train.recipes.zero_shot_config import ZeroShotConfig

transformers = pytest.importorskip("transformers")
CLASSES = ["pour", "WalkingWithDog", "shooting_an_arrow"]


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP with random weights and a tokenizer of single letters."""
    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(ord("a") + i) for i in range(26)] + list(".,")
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ids = {"bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1, "pad_token_id": len(tokens) - 1}
    torch.manual_seed(0)
    model = transformers.CLIPModel(
        transformers.CLIPConfig(
            text_config={**small, **ids, "vocab_size": len(tokens), "max_position_embeddings": 77},
            vision_config={**small, "image_size": 32, "patch_size": 16},
            projection_dim=8,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
    return folder


def views(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 4, 32, 32, 3), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("name", ["shooting_an_arrow", "ShootingAnArrow", "shooting an arrow"])
def test_a_class_name_is_spoken_as_words(name: str) -> None:
    assert spoken(name) == "shooting an arrow"


def test_scores_are_transformers_own_for_one_template_and_one_frame(clip_folder: Path) -> None:
    config = ZeroShotConfig(model=str(clip_folder), templates=("a photo of a person {}.",), num_frames=1)
    method = ZeroShot(CLASSES, config=config, device=torch.device("cpu"))
    frames = views(3)[:, :, :1]
    processor = transformers.AutoProcessor.from_pretrained(clip_folder)
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    texts = [f"a photo of a person {name}." for name in ("pour", "walking with dog", "shooting an arrow")]
    inputs = processor(text=texts, images=list(frames[:, 0, 0].numpy()), padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs).logits_per_image
        scores = method.score(EvaluationViews(frames))
    assert torch.allclose(scores.logits, expected, atol=1e-2)
    assert torch.allclose(scores.softmax, expected.softmax(dim=1), atol=1e-3)


def test_templates_and_frames_are_averaged_as_directions(clip_folder: Path) -> None:
    def cosines(templates: tuple[str, ...], frames: Tensor) -> Tensor:
        config = ZeroShotConfig(model=str(clip_folder), templates=templates)
        with torch.no_grad():
            return ZeroShot(CLASSES, config=config, device=torch.device("cpu")).score(EvaluationViews(frames)).logits

    frames = views(2)
    one = cosines(("a {}.",), frames)
    assert torch.allclose(cosines(("a {}.", "a {}."), torch.cat([frames, frames], dim=2)), one, atol=1e-4)
    assert not torch.allclose(cosines(("a {}.", "z z z {}."), frames), one, atol=1e-3)
    assert not torch.allclose(cosines(("a {}.",), frames[:, :, :1]), one, atol=1e-3)


def test_a_run_classifies_without_a_step_of_training(clip_folder: Path, tmp_path: Path) -> None:
    world = write_world(tmp_path / "world")
    config = TrainConfig(
        method="zero_shot",
        inputs="views",
        data=DataConfig(world / "source.txt", world / "target.txt", world / "classes.txt"),
        device="cpu",
        zero_shot=ZeroShotConfig(model=str(clip_folder), num_frames=3),
        optim=OptimConfig(epochs=1, milestones=()),
    )
    results = run_training(config, tmp_path / "run", progress=False).results
    assert (results["method"], results["num_target_videos"]) == ("zero_shot", 8)
    with pytest.raises(ConfigError, match=r"optim\.epochs is 3; zero_shot does not train"):
        replace(config, optim=OptimConfig(epochs=3))


def test_a_model_that_cannot_be_used_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=r"zero_shot\.model .*nothing' cannot be loaded"):
        image_side(str(tmp_path / "nothing"))
    transformers.ViTConfig().save_pretrained(tmp_path / "vit")
    with pytest.raises(ConfigError, match="is a vit; allowed: CLIP and SigLIP"):
        image_side(str(tmp_path / "vit"))


@pytest.mark.parametrize("templates", [(), ("a photo",), ("{} and {}",)])
def test_a_template_must_name_the_class_once(templates: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="for the class name"):
        ZeroShotConfig(templates=templates)


@pytest.mark.parametrize(
    ("source", "name", "revision"),
    [("owner/name", "owner/name", "main"), ("owner/name@0123abc", "owner/name", "0123abc")],
)
def test_a_model_is_taken_at_its_revision(
    source: str, name: str, revision: str, clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, asked = transformers.AutoConfig.from_pretrained(clip_folder), []

    def fetch(model: str, **options: object) -> object:
        asked.append((model, options["revision"]))
        return config

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", fetch)
    assert image_side(source) == 32
    assert asked == [(name, revision)]
