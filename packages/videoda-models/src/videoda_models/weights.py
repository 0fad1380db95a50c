"""Read a weights file without running code from it, and put it into a model without dropping anything silently."""

import difflib
import hashlib
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from videoda_models.errors import WeightsError
from videoda_models.numpy_pickle import is_plain_pickle, read_numpy_pickle
from videoda_models.video_model import VideoModel

_NESTS = ("state_dict", "model_state_dict", "model")


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors`, `.npz`, `.pt`, `.pth` or `.ckpt` file by name, on the CPU.

    A pickle of nested dicts of numpy arrays is read as well, its keys joined with "/". A checkpoint that holds the
    state dict under "state_dict" or "model" is opened up, and DistributedDataParallel's "module." is taken off where
    every name has it. A pickle that wants to run code is refused.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"no weights file at {path}; check the path")
    if path.suffix == ".safetensors":
        try:
            return safetensors.torch.load_file(path)
        except (safetensors.SafetensorError, OSError) as error:
            raise WeightsError(f"{path} is not a readable safetensors file ({error}); fetch it again") from error
    if path.suffix == ".npz":
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        except Exception as error:  # zipfile, zlib and numpy meet damage with exceptions of many kinds
            raise WeightsError(f"{path} is not a readable npz file of numbers ({error}); fetch it again") from error
    if is_plain_pickle(path):
        return {name: torch.from_numpy(array) for name, array in read_numpy_pickle(path).items()}
    try:
        with warnings.catch_warnings():  # what torch thinks of a pickle's protocol is no news to whoever gave the file
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported operand" in str(error):
            raise _unreadable(path, ValueError("not a pickle")) from error
        found = re.search(r"safe_globals\(\[([^\]]+)\]", str(error))
        raise WeightsError(
            f"{path} holds {found[1] if found else 'Python objects'} besides tensors, which could run code, and is "
            "refused; save only its state dict (better: as safetensors) where you trust it"
        ) from error
    except Exception as error:  # what reads a damaged archive or pickle fails in many ways
        raise _unreadable(path, error) from error
    return _plain_state_dict(content, path)


def _unreadable(path: Path, error: Exception) -> WeightsError:
    reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
    return WeightsError(f"{path} is not a readable PyTorch file, perhaps cut short ({reason}); fetch it again")


def _plain_state_dict(content: object, path: Path) -> dict[str, Tensor]:
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(
            f"{path} holds no state dict; allowed is a mapping of names to tensors, or one under {_NESTS}"
        )
    state = {str(name): tensor for name, tensor in content.items()}
    if all(name.startswith("module.") for name in state):
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return state


def load_weights(model: VideoModel, path: str | Path) -> None:
    """Load a file into `model`, every key of it and every key of the model.

    Names of published checkpoints are translated (`model.convert_checkpoint`). Missing, unexpected and mis-shaped keys
    raise `WeightsError` by name and leave the model as it was.
    """
    state = model.convert_checkpoint(read_state_dict(path))
    check_state(model, state, source=str(path))
    model.load_state_dict(state, strict=False)


def check_state(model: VideoModel, state: Mapping[str, Tensor], *, source: str) -> None:
    """Raise `WeightsError` unless `state` fits `model` exactly.

    Batch-norm step counters may be missing: files from before PyTorch 0.4.1 do not have them.
    """
    own = model.state_dict()
    classes = checkpoint_classes(model, state)
    if classes is not None and classes != model.num_classes:
        raise WeightsError(
            f"{source} was trained for {classes} classes, this model has {model.num_classes}; create it with "
            f"num_classes={classes}, load, then replace_logits({model.num_classes})"
        )
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in state if name not in own]
    shapes = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in state and state[name].shape != tensor.shape
    ]
    problems = []
    if missing:
        problems.append(f"missing {_names(missing)}")
    if unexpected:
        problems.append(f"unexpected {_names(unexpected, near=list(own))}")
    if shapes:
        problems.append(f"mis-shaped {_names(shapes)}")
    if problems:
        raise WeightsError(f"{source} does not fit this {type(model).__name__}: {'; '.join(problems)}")


def checkpoint_classes(model: VideoModel, state: Mapping[str, Tensor]) -> int | None:
    """The class count of the last layer in `state` (under the model's own names), or None where it has none."""
    weight = state.get(f"{model.logits_prefix}.weight")
    return None if weight is None else int(weight.shape[0])


def tensors_sha256(state: Mapping[str, Tensor]) -> str:
    """What the tensors are, whatever file holds them: sha256 over names, shapes and float32 bytes, sorted by name.

    Batch norm's step counters are left out: they do nothing in evaluation, and some files do not have them.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name in state if not name.endswith("num_batches_tracked")):
        values = state[name].detach().to("cpu", torch.float32).contiguous().numpy().astype("<f4", copy=False)
        digest.update(f"{name} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _names(names: list[str], *, near: list[str] | None = None, limit: int = 6) -> str:
    shown = []
    for name in names[:limit]:
        match = difflib.get_close_matches(name, near, n=1, cutoff=0.8) if near else []
        shown.append(f"{name} (did you mean {match[0]}?)" if match else name)
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{len(names)} key{'s' if len(names) > 1 else ''}: {', '.join(shown)}{rest}"
