"""Everything made once from the two lists: generated clips with exact flow, and the target's cached flow."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.atomic_file import write_text
from videoda_train.data.failed_item import reason_of
from videoda_train.data.list_file import ListItem
from videoda_train.data.source_key import source_key
from videoda_train.errors import ConfigError, ListFileError

NAMES = "CLASS/NAME.KEY"
"""How prepared files are named; a setting of the folders, so that files of earlier versions are not mixed in."""


@dataclass(frozen=True)
class PreparedPaths:
    """The folders of one prepared data set."""

    root: Path

    @property
    def source_frames(self) -> Path:
        """Generated clips: `CLASS/IMAGE_FILE_NAME/00000.jpg …`."""
        return self.root / "frame_16"

    @property
    def source_flow(self) -> Path:
        """Exact flow of the generated clips: `CLASS/IMAGE_FILE_NAME.npy`."""
        return self.root / "flow_16"

    @property
    def packed_clips(self) -> Path:
        """Generated clips as they are loaded: `CLASS/IMAGE_FILE_NAME.KEY.rgb.npy` and `.flow.npy`."""
        return self.root / "packed_16"

    @property
    def target_flow(self) -> Path:
        """Estimated flow of the videos: `CLASS/NAME.KEY.npy`."""
        return self.root / "flow_32"

    def flow_file(self, item: ListItem) -> Path:
        """Return where the estimated flow of a video is; its facts are beside it, with the suffix `.json`."""
        return self.target_flow / f"{prepared_name(item)}.npy"

    def median_file(self, item: ListItem) -> Path:
        """Return where the background of a video is."""
        return self.root / "median" / f"{prepared_name(item)}.jpg"

    def video_facts(self, list_file: Path) -> Path:
        """Return where the facts of a list's videos are kept if not beside their flow."""
        return self.root / "video_facts" / f"{list_file.stem}.jsonl"


def source_clip_name(item: ListItem) -> str:
    """Return `CLASS/IMAGE_FILE_NAME`; CLASS is the parent folder, or in `JPEGImages` the name up to its last `_`."""
    parent = item.path.parent.name
    folder = item.path.stem.rpartition("_")[0] if parent == "JPEGImages" else parent
    return f"{folder}/{item.path.name}"


def target_video_name(item: ListItem) -> str:
    """Return `CLASS/NAME`: the parent folder and the file name without its extension, and which stretch of it."""
    name = item.path.name if item.path.is_dir() else item.path.stem
    stretch = f"_{item.stretch.offset}_{item.stretch.num_frames}" if item.stretch else ""
    return f"{item.path.parent.name}/{name}{stretch}"


def prepared_name(item: ListItem) -> str:
    """Return `CLASS/NAME.KEY`: another file of the same name, and a file that has changed, have another."""
    return f"{target_video_name(item)}.{source_key(item)}"


def require_distinct(names: Sequence[str], *, list_file: Path) -> None:
    """Raise `ListFileError` where two lines of a list would share one prepared file."""
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in seen:
            raise ListFileError(
                f"{list_file}: entries {seen[name] + 1} and {index + 1} are both called {name!r}; "
                "list each file once, and give files of the same name folders of different names"
            )
        seen[name] = index


def require_same_settings(folder: Path, settings: dict[str, object], *, option: str = "--loading.prepared-dir") -> None:
    """Record the settings a folder is made with; refuse to mix it with files made with others.

    Raises:
        ConfigError: the folder was made with different settings.
    """
    path = folder / "settings.json"
    if path.exists():
        made_with = read_settings(path)
        if made_with != settings:
            different = {key for key in made_with.keys() | settings.keys() if made_with.get(key) != settings.get(key)}
            raise ConfigError(
                f"{folder} was made with other settings ({', '.join(sorted(different))}); "
                f"give another {option}, or delete that folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(settings, indent=1))


def read_settings(path: Path) -> dict[str, object]:
    """Read the settings that a folder was made with.

    Raises:
        ConfigError: the file is not what this package writes.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read ({reason_of(error)}); delete its folder to make it anew") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds no settings; delete its folder to make it anew")
    return settings
