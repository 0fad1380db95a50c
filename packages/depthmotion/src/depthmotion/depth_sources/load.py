"""Depth sources by name."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

from depthmotion.depth_sources.cache import default_cache_folder
from depthmotion.depth_sources.folder import FolderDepth
from depthmotion.depth_sources.network import NetworkDepth
from depthmotion.depth_sources.offline import GroundDepth, PlaneDepth
from depthmotion.depth_sources.registry import NETWORKS, LicenceWarning
from depthmotion.depth_sources.source import DepthSource
from depthmotion.depthmap import DepthKind
from depthmotion.errors import ConfigError
from depthmotion.sharpen import SharpenRule, check_sharpen_rule


def load_depth(
    name: str,
    *,
    device: str = "auto",
    batch_size: int = 1,
    kind: DepthKind | None = None,
    cache: Path | Literal["default"] | None = "default",
    sharpening: SharpenRule = "step",
) -> DepthSource:
    """Return a depth source.

    Args:
        name: `ground`, `plane`, `dir:FOLDER`, a name of `NETWORKS`, or a transformers id or folder (with a `/`); an
            id may end in `@REVISION`.
        device: where a network runs: `auto`, `cpu`, `cuda`.
        batch_size: how many photos a network sees at once when it is given several.
        kind: what an unnamed network predicts, where its configuration does not tell.
        cache: folder that keeps predictions; `default` is `$DEPTHMOTION_CACHE` or the user's cache folder, `None`
            keeps none.
        sharpening: what `sharpen` does to the edges of disparity from files and of networks' depth.

    Raises:
        ConfigError: the name is none of these.
        DepthError: the folder or network cannot be used.
        MissingDependencyError: a network is asked for and transformers is not installed.

    >>> import numpy as np
    >>> load_depth("plane")(np.zeros((2, 3, 3), np.uint8)).values
    array([[1., 1., 1.],
           [1., 1., 1.]], dtype=float32)
    """
    check_sharpen_rule(sharpening)
    if name == "ground":
        return GroundDepth()
    if name == "plane":
        return PlaneDepth()
    if name.startswith("dir:"):
        return FolderDepth.open(Path(name.removeprefix("dir:")), sharpening=sharpening)
    if batch_size < 1:
        raise ConfigError(f"batch_size={batch_size}: at least 1 photo is inferred at once.")
    folder = default_cache_folder() if isinstance(cache, str) else cache
    if name in NETWORKS:
        card = NETWORKS[name]
        if not card.commercial:
            warnings.warn(f"the weights of {name} ({card.licence}) are not for commercial use.", LicenceWarning, 1)
        model_id, revision, kind = card.model_id, card.revision, card.kind
    elif is_network(name):
        model_id, _, revision = (name, "", "") if Path(name).is_dir() else name.partition("@")
    else:
        raise ConfigError(
            f"depth source {name!r} is unknown: use ground, plane, dir:FOLDER, {', '.join(NETWORKS)}, "
            "or a transformers id."
        )
    return NetworkDepth(
        model_id,
        kind=kind,
        revision=revision or "main",
        device=device,
        batch_size=batch_size,
        cache=folder,
        sharpening=sharpening,
    )


def is_network(name: str) -> bool:
    """Return whether a depth source's name means a network."""
    return name in NETWORKS or ("/" in name and not name.startswith("dir:"))
