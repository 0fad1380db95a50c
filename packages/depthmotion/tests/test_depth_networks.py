"""Depth networks of every supported architecture, tiny and random, against transformers used by hand."""

import re
import warnings
from typing import get_args

import depthmotion as dm
import numpy as np
import pytest
from depthmotion.depth_sources import NETWORKS, DepthCache, NetworkDepth
from depthmotion.depth_sources.cache import decode, encode
from depthmotion.depthmap import DepthKind

VIT = {
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}
STAGES = ["stage1", "stage2", "stage3", "stage4"]
NECK = {"neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8}
TYPES = ["dpt", "depth-anything", "depth-anything-metric", "zoedepth", "depth-pro"]


def photos(*shapes):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in shapes]


def build(transformers, name):
    """Return a tiny model and its image processor."""
    if name == "dpt":
        config = transformers.DPTConfig(
            **VIT, **NECK, is_hybrid=False, backbone_out_indices=[0, 1, 2, 3], reassemble_factors=[4, 2, 1, 0.5]
        )
        processor = transformers.DPTImageProcessor(size={"height": 32, "width": 32})
        return transformers.DPTForDepthEstimation(config), processor
    if name.startswith("depth-anything"):
        backbone = transformers.Dinov2Config(**VIT, out_features=STAGES, reshape_hidden_states=False)
        config = transformers.DepthAnythingConfig(
            **NECK,
            backbone_config=backbone,
            reassemble_hidden_size=16,
            patch_size=8,
            head_hidden_size=8,
            depth_estimation_type="metric" if name.endswith("metric") else "relative",
            max_depth=20,
        )
        processor = transformers.DPTImageProcessor(
            size={"height": 32, "width": 32}, keep_aspect_ratio=True, ensure_multiple_of=8
        )
        return transformers.DepthAnythingForDepthEstimation(config), processor
    if name == "zoedepth":
        backbone = transformers.BeitConfig(**VIT, out_features=STAGES, reshape_hidden_states=False)
        config = transformers.ZoeDepthConfig(
            **NECK,
            backbone_config=backbone,
            bottleneck_features=8,
            bin_embedding_dim=8,
            num_relative_features=8,
            reassemble_factors=[4, 2, 1, 0.5],
        )
        processor = transformers.ZoeDepthImageProcessor(size={"height": 32, "width": 32}, ensure_multiple_of=8)
        return transformers.ZoeDepthForDepthEstimation(config), processor
    backbone = {"model_type": "dinov2", **VIT}
    config = transformers.DepthProConfig(
        fusion_hidden_size=16,
        patch_size=32,
        intermediate_hook_ids=[2, 1],
        intermediate_feature_dims=[8, 8],
        scaled_images_ratios=[0.5, 1.0],
        scaled_images_overlap_ratios=[0.0, 0.2],
        scaled_images_feature_dims=[8, 8],
        use_fov_model=True,
        image_model_config=backbone,
        patch_model_config=backbone,
        fov_model_config=backbone,
    )
    model = transformers.DepthProForDepthEstimation(config)
    # A network of noise may claim any angle: make it one that a camera can have.
    last = [layer for layer in model.fov_model.head.layers if hasattr(layer, "bias")][-1]
    last.weight.data.zero_()
    last.bias.data.fill_(60.0)
    return model, transformers.DepthProImageProcessor(size={"height": 64, "width": 64})


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    torch = pytest.importorskip("torch", reason="depth networks need the extra depth")
    transformers = pytest.importorskip("transformers", reason="depth networks need the extra depth")
    transformers.utils.logging.disable_progress_bar()
    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    for name in TYPES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, processor = build(transformers, name)
            if hasattr(model, "head") and hasattr(model.head, "conv3"):
                model.head.conv3.bias.data.fill_(0.5)
        with torch.no_grad():  # random weights alone predict a constant
            for parameter in model.parameters():
                parameter.add_(0.2 * torch.randn(parameter.shape) if name != "depth-pro" else 0)
        model.save_pretrained(folder / name)
        processor.save_pretrained(folder / name)
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHMOTION_CACHE", str(tmp_path / "cache"))


def by_hand(folder, image):
    """Return what transformers itself says, at the network's resolution or the photo's."""
    import torch
    import transformers

    model = transformers.AutoModelForDepthEstimation.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    with torch.inference_mode():
        outputs = model(**processor(images=image, return_tensors="pt"))
        if folder.name == "zoedepth":
            outputs = processor.post_process_depth_estimation(outputs, source_sizes=[image.shape[:2]])[0]
        elif folder.name == "depth-pro":
            outputs = processor.post_process_depth_estimation(outputs, target_sizes=[image.shape[:2]])[0]
        return outputs["predicted_depth"].squeeze().numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_a_network_predicts_what_transformers_says(saved, name):
    (image,) = photos((48, 64))
    expected = by_hand(saved / name, image)
    network = NetworkDepth(str(saved / name))
    (depth,) = network.predict([image])
    assert depth.kind == ("metric" if name in ("depth-anything-metric", "zoedepth", "depth-pro") else "disparity")
    assert depth.shape == expected.shape
    expected = expected if depth.kind == "disparity" else np.maximum(expected, 1e-3)
    spread = float(expected.max() - expected.min()) if depth.kind == "disparity" else expected
    assert np.all(np.abs(depth.values - expected) <= 1e-3 * spread + 1e-12)


@pytest.mark.slow
def test_depth_pros_field_of_view_becomes_the_camera(saved):
    (image,) = photos((48, 64))
    depth = dm.load_depth(str(saved / "depth-pro"), cache=None)(image)
    expected = dm.Intrinsics.from_field_of_view(48, 64, horizontal_fov_deg=60.0)
    assert depth.intrinsics is not None
    assert np.allclose(depth.intrinsics.matrix, expected.matrix, atol=1e-3)


@pytest.mark.slow
def test_depth_pros_camera_reaches_the_files_and_the_clip(saved, tmp_path, monkeypatch, capsys):
    """Sixty degrees over 64 pixels: a shift of 0.2 over depth z moves by 32 / tan(30°) · 0.2 / z pixels."""
    import sys

    import cv2
    from depthmotion.cli import main

    (image,) = photos((48, 64))
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), image[..., ::-1])

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["depthmotion", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0, capsys.readouterr().err

    photo, network = tmp_path / "photos" / "a.png", saved / "depth-pro"
    call("depth", photo, "--out", tmp_path / "depth", "--model", network)
    np.save(tmp_path / "poses.npy", [np.eye(4), np.eye(4) + 0.2 * np.eye(4, k=3)])
    shift = ["--path", f"file:{tmp_path / 'poses.npy'}"]
    for number, source in enumerate((network, f"dir:{tmp_path / 'depth'}")):
        flow = tmp_path / f"{number}.npz"
        call("render", photo, "-o", tmp_path / "clip", "--depth", source, *shift, "--flow", flow)
        depth = dm.load_depth(str(source))(image, file=photo).values
        expected = 32 / np.tan(np.deg2rad(30)) * 0.2 / depth
        assert np.allclose(dm.flowio.read(flow)[0, ..., 0], expected, rtol=0.01, atol=0.01)


@pytest.mark.slow
def test_a_batch_gives_what_single_photos_give(saved):
    images = photos((48, 64), (64, 48), (48, 64), (32, 32))
    one = dm.load_depth(str(saved / "depth-anything"), cache=None)
    many = dm.load_depth(str(saved / "depth-anything"), cache=None, batch_size=3)
    for alone, together, image in zip((one(image) for image in images), many.batch(images), images, strict=True):
        assert together.shape == image.shape[:2]
        spread = float(np.ptp(alone.values)) + 1e-12
        assert np.median(np.abs(alone.values - together.values)) < 1e-3 * spread


@pytest.mark.slow
def test_nothing_is_inferred_twice(saved, monkeypatch):
    images = photos((48, 64), (48, 64))
    first = dm.load_depth(str(saved / "dpt")).batch(images)
    again = dm.load_depth(str(saved / "dpt"))
    monkeypatch.setattr(again, "_model", None)
    for before, after in zip(first, again.batch(images), strict=True):
        assert (before.values == after.values).all()


@pytest.mark.slow
def test_changed_weights_are_asked_anew(saved, tmp_path):
    import shutil

    shutil.copytree(saved / "dpt", tmp_path / "dpt")
    cache = dm.load_depth(str(tmp_path / "dpt"))._cache
    (tmp_path / "dpt" / "model.safetensors").touch()
    assert dm.load_depth(str(tmp_path / "dpt"))._cache != cache


def test_a_missing_network_is_one_error(tmp_path):
    pytest.importorskip("transformers", reason="depth networks need the extra depth")
    (tmp_path / "empty").mkdir()
    with pytest.raises(dm.DepthError, match="cannot be loaded"):
        dm.load_depth(str(tmp_path / "empty"))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_card_is_whole(name):
    card = NETWORKS[name]
    assert card.model_id.count("/") == 1
    assert card.kind in get_args(DepthKind)
    assert card.licence
    assert card.commercial == (card.licence in ("MIT", "Apache-2.0"))


def test_weights_that_are_not_for_commerce_say_so(monkeypatch):
    monkeypatch.setattr("depthmotion.depth_sources.load.NetworkDepth", lambda *args, **kwargs: dm.load_depth("plane"))
    with pytest.warns(dm.LicenceWarning, match="not for commercial use"):
        dm.load_depth("depth-pro")


@pytest.mark.parametrize(("kind", "tolerance"), [("disparity", 1e-5), ("metric", 2e-4)])
def test_kept_depth_comes_back(kind, tolerance):
    values = np.random.default_rng(0).uniform(0.5, 80, (9, 11)).astype(np.float32)
    camera = dm.Intrinsics(10.0, 11.0, 5.0, 4.0)
    back = decode(encode(dm.DepthMap(values, kind, camera)))
    assert (back.kind, back.intrinsics) == (kind, camera)
    assert np.abs(back.values - values).max() <= tolerance * 80


def test_depth_is_kept_by_the_photos_pixels(tmp_path):
    one, other = photos((4, 6), (6, 4))
    cache = DepthCache(tmp_path, "network@main")
    arrays = encode(dm.DepthMap(np.ones((2, 2)), "depth"))
    cache.put(one, arrays)
    assert cache.get(one) is not None
    assert cache.get(other) is None


def test_a_damaged_file_in_the_cache_counts_as_missing(tmp_path):
    (image,) = photos((4, 6))
    cache = DepthCache(tmp_path, "network@main")
    cache.put(image, encode(dm.DepthMap(np.ones((2, 2)), "depth")))
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:40])
    assert cache.get(image) is None


def test_a_cache_that_cannot_be_written_costs_a_warning(tmp_path):
    (tmp_path / "cache").write_text("a file, no folder")
    (image,) = photos((4, 6))
    with pytest.warns(UserWarning, match="not kept"):
        DepthCache(tmp_path / "cache", "network").put(image, encode(dm.DepthMap(np.ones((2, 2)), "depth")))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_short_name_means_one_commit(name: str) -> None:
    assert re.fullmatch("[0-9a-f]{40}", NETWORKS[name].revision)
