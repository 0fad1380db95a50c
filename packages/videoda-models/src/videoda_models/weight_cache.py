"""The folder where published weights are kept, and how they get there."""

import hashlib
import importlib
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tqdm import tqdm

from videoda_models.cards import WeightCard
from videoda_models.errors import WeightsError

_CHUNK = 1 << 20


def weights_folder() -> Path:
    """`$VIDEODA_HOME/weights`, or `~/.cache/videoda/weights` where the variable is not set."""
    home = os.environ.get("VIDEODA_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".cache" / "videoda") / "weights"


def fetch_weights(card: WeightCard) -> Path:
    """The file of `card` in the cache folder, fetched first if it is not there; its published hash is checked.

    Without a network, put the file into `weights_folder()` by hand.
    """
    path = weights_folder() / card.filename
    if not path.is_file():
        _download(card, path)
    elif card.sha256 and not _sha256(path).startswith(card.sha256):
        raise WeightsError(f"{path} does not have the published sha256 ({card.sha256}…); delete it and fetch it again")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(card: WeightCard, path: Path) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(card.url, timeout=60) as answer, part.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0) or None
            with tqdm(total=total, unit="B", unit_scale=True, desc=card.filename) as bar:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
        digest = _sha256(part)
        if card.sha256 and not digest.startswith(card.sha256):
            raise WeightsError(
                f"{card.url} gave a file of sha256 {digest}, published is {card.sha256}…; try again later"
            )
        part.replace(path)
    except (urllib.error.URLError, OSError) as error:
        raise WeightsError(
            f"{card.url} could not be fetched ({error}); put the file at {path} by hand, or pass the path of one"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def fetch_hub_file(name: str) -> Path:
    """The local copy of `hf://OWNER/REPOSITORY/FILE` in the cache folder, fetched once from the Hugging Face hub."""
    parts = name.removeprefix("hf://").split("/", 2)
    if len(parts) != 3 or not all(parts):
        raise WeightsError(f"{name!r} is no file on the hub; allowed is hf://OWNER/REPOSITORY/FILE")
    try:
        hub: Any = importlib.import_module("huggingface_hub")
        errors: Any = importlib.import_module("huggingface_hub.errors")
    except ImportError as error:
        raise WeightsError("hf:// files need huggingface_hub: pip install 'videoda-models[hf]'") from error
    try:
        return Path(hub.hf_hub_download("/".join(parts[:2]), parts[2], cache_dir=weights_folder() / "hub"))
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(f"{name} could not be fetched ({reason}); check the name, or pass a local file") from error
