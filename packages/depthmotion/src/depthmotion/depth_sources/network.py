"""Depth by a monocular network, through transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from depthmotion.depth_sources.cache import DepthCache, decode, encode
from depthmotion.depth_sources.source import DepthSource, Photo, read_photo
from depthmotion.depthmap import DepthKind, DepthMap
from depthmotion.errors import DepthError, MissingDependencyError
from depthmotion.intrinsics import Intrinsics
from depthmotion.sharpen import SharpenRule, sharpen

_METRIC_TYPES = ("depth_pro", "glpn", "zoedepth")
_SMALLEST_DEPTH = 1e-3


class NetworkDepth(DepthSource):
    """A monocular depth network by its transformers id or folder; half precision on a GPU.

    Resolution and aspect of the network's input are those of its own image processor. With a cache folder no photo is
    inferred twice. The same photo gives the same depth, from the cache or not; in another batch the last bits may
    differ.
    """

    def __init__(
        self,
        model_id: str,
        *,
        kind: DepthKind | None = None,
        revision: str = "main",
        device: str = "auto",
        batch_size: int = 1,
        cache: Path | None = None,
        sharpening: SharpenRule = "step",
    ) -> None:
        """Load a network; `kind` is what it predicts, by default what its configuration says."""
        try:
            import torch
            from transformers import AutoConfig, AutoImageProcessor, AutoModelForDepthEstimation
        except ImportError as error:
            raise MissingDependencyError(
                f"depth by the network {model_id} needs transformers: pip install 'depthmotion[depth]' ({error})."
            ) from error
        self._device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        try:
            config: Any = AutoConfig.from_pretrained(model_id, revision=revision)
            self._processor: Any = AutoImageProcessor.from_pretrained(model_id, revision=revision)
            model: Any = AutoModelForDepthEstimation.from_pretrained(model_id, revision=revision, use_safetensors=True)
            self._model: Any = model.to(self._device).float().eval()
        except (OSError, ValueError, RuntimeError, AssertionError, ImportError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DepthError(
                f"the depth network {model_id} (revision {revision}, device {self._device}) cannot be loaded: {reason}"
            ) from error
        self._model_type = str(config.model_type)
        self.kind: DepthKind = kind or _kind_of(config)
        self._batch_size = batch_size
        self._sharpening: SharpenRule = sharpening
        self._cache = None
        if cache is not None:
            self._cache = DepthCache(cache, f"{_weights_name(model_id, revision)}@{self.kind}")

    def __call__(self, image: Photo, *, file: str | Path | None = None) -> DepthMap:
        """Return the network's depth, sharpened, at the image's size."""
        return self.batch([read_photo(image, file)[0]])[0]

    def batch(self, images: Sequence[np.ndarray], *, files: Sequence[Path] | None = None) -> list[DepthMap]:
        """Return the depth maps of several images uint8 (H, W, 3) of any sizes."""
        return [
            fit_to_photo(raw, image.shape[:2], sharpening=self._sharpening)
            for raw, image in zip(self.predict(images), images, strict=True)
        ]

    def predict(self, images: Sequence[np.ndarray]) -> list[DepthMap]:
        """Return depth at the network's own resolution, from the cache where it is there."""
        known = [self._cache.get(image) if self._cache else None for image in images]
        missing = [place for place, depth in enumerate(known) if depth is None]
        for place, fresh in zip(missing, self._infer([images[place] for place in missing]), strict=True):
            # Also without a cache the codes are what counts: both roads give the same depth.
            arrays = encode(fresh)
            known[place] = decode(arrays)
            if self._cache is not None:
                self._cache.put(images[place], arrays)
        return [depth for depth in known if depth is not None]

    def _infer(self, images: list[np.ndarray]) -> list[DepthMap]:
        """Run the network on images of like input size together."""
        inputs = [self._processor(images=image, return_tensors="pt")["pixel_values"] for image in images]
        groups: dict[tuple[int, ...], list[int]] = {}
        for place, pixels in enumerate(inputs):
            groups.setdefault(tuple(pixels.shape), []).append(place)
        results: dict[int, DepthMap] = {}
        for places in groups.values():
            for start in range(0, len(places), self._batch_size):
                chosen = places[start : start + self._batch_size]
                predicted = self._run([inputs[place] for place in chosen], [images[place] for place in chosen])
                results.update(zip(chosen, predicted, strict=True))
        return [results[place] for place in range(len(images))]

    def _run(self, inputs: list[Any], images: list[np.ndarray], *, half: bool = True) -> list[DepthMap]:
        import torch

        half = half and str(self._device).startswith("cuda")
        pixels = torch.cat(inputs).to(self._device)
        with torch.inference_mode(), torch.autocast("cuda", torch.float16) if half else nullcontext():
            predicted, angles = self._read(self._model(pixel_values=pixels), images)
        if half and not all(np.isfinite(values).all() for values in predicted):
            return self._run(inputs, images, half=False)
        return [
            self._depth_map(values, angle, image)
            for values, angle, image in zip(predicted, angles, images, strict=True)
        ]

    def _read(self, outputs: Any, images: list[np.ndarray]) -> tuple[list[np.ndarray], list[float | None]]:
        """Return predictions (H, W) and horizontal fields of view [degrees] where the network estimates them."""
        outputs.predicted_depth = outputs.predicted_depth.float()
        sizes = [image.shape[:2] for image in images]
        if self._model_type == "zoedepth":  # pads its input by an amount that depends on the photo's size
            results = self._processor.post_process_depth_estimation(outputs, source_sizes=sizes)
        elif self._model_type == "depth_pro":  # predicts inverse depth for a focal length of one image width
            if getattr(outputs, "field_of_view", None) is not None:
                outputs.field_of_view = outputs.field_of_view.float().reshape(-1)
            results = self._processor.post_process_depth_estimation(outputs, target_sizes=sizes)
        else:
            return [values.cpu().numpy() for values in outputs.predicted_depth], [None] * len(images)
        angles = [result.get("field_of_view") for result in results]
        return (
            [
                result["predicted_depth"].float().cpu().numpy().reshape(size)
                for result, size in zip(results, sizes, strict=True)
            ],
            [None if angle is None else float(angle) for angle in angles],
        )

    def _depth_map(self, values: np.ndarray, angle: float | None, image: np.ndarray) -> DepthMap:
        values = np.ascontiguousarray(values, dtype=np.float32)
        if not np.isfinite(values).all():
            raise DepthError("the depth network gave NaN or infinite values for this photo.")
        values = values if self.kind == "disparity" else np.maximum(values, _SMALLEST_DEPTH)
        camera = None
        if angle is not None and 1 < angle < 179:
            at_photo = Intrinsics.from_field_of_view(*image.shape[:2], horizontal_fov_deg=angle)
            camera = at_photo.resized(
                scale_x=values.shape[1] / image.shape[1], scale_y=values.shape[0] / image.shape[0]
            )
        return DepthMap(values, self.kind, camera)


def fit_to_photo(raw: DepthMap, size: tuple[int, ...], *, sharpening: SharpenRule) -> DepthMap:
    """Return a network's prediction at a photo's size (height, width), with sharp edges."""
    return sharpen(raw.resized(size[0], size[1]), rule=sharpening)


def _kind_of(config: Any) -> DepthKind:
    """Return what a network predicts, by its configuration."""
    if config.model_type in _METRIC_TYPES or getattr(config, "depth_estimation_type", "relative") == "metric":
        return "metric"
    return "disparity"


def _weights_name(model_id: str, revision: str) -> str:
    """Name weights by their id and commit, or by a folder's name and its files' names, sizes and dates."""
    folder = Path(model_id)
    if not folder.is_dir():
        from huggingface_hub import try_to_load_from_cache

        downloaded = try_to_load_from_cache(model_id, "config.json", revision=revision)
        return f"{model_id}@{Path(downloaded).parent.name if isinstance(downloaded, str) else revision}"
    digest = hashlib.blake2b(str(folder.resolve()).encode(), digest_size=8)
    for file in sorted(folder.iterdir()):
        status = file.stat()
        digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return f"{folder.resolve().name}@{digest.hexdigest()}"
