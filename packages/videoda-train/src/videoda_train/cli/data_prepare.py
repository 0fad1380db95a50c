"""`videoda data prepare e2h|b2u|s2u|k2b`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.data.prepare import (
    B2U,
    E2H,
    S2U,
    PrepareSummary,
    PublishedList,
    PublishedTask,
    prepare_k2b,
    prepare_photos_videos,
)
from videoda_train.errors import ConfigError


@dataclass(frozen=True)
class PublishedLists:
    """Someone's list files, in place of all files found."""

    source_list: Path | None = None
    """List of photos."""
    target_list: Path | None = None
    """List of videos."""
    strip: tuple[str, ...] = ()
    """Prefixes of the lists' paths to replace: one for both lists, or the source's and the target's."""
    root: tuple[Path, ...] = ()
    """What they become, as many; default: the datasets' folders."""

    def both(self) -> tuple[PublishedList | None, PublishedList | None]:
        """Return the two lists, each with its prefix."""
        if len(self.strip) > 2 or len(self.root) > 2:
            raise ConfigError("--strip and --root take one value for both lists, or two: the source's, the target's")
        return self._one(self.source_list, 0), self._one(self.target_list, -1)

    def _one(self, list_file: Path | None, index: int) -> PublishedList | None:
        if list_file is None:
            return None
        return PublishedList(
            list_file, self.strip[index] if self.strip else "", self.root[index] if self.root else None
        )


def _prepare(
    task: PublishedTask, lists: PublishedLists, *, source: Path, target: Path, out: Path, overwrite: bool
) -> None:
    source_list, target_list = lists.both()
    _print(
        prepare_photos_videos(
            task,
            source=source,
            target=target,
            out_dir=out,
            source_list=source_list,
            target_list=target_list,
            overwrite=overwrite,
        ),
        out,
    )


def _print(summary: PrepareSummary, out: Path) -> None:
    print("\n".join(summary.lines()))
    print(f"lists: {out}")


@dataclass(frozen=True, kw_only=True)
class PrepareE2h:
    """EADs → HMDB51."""

    eads: Path
    """EADs: CLASS/*.jpg."""
    hmdb51: Path
    """HMDB51: CLASS/*.avi, or its archives, which are unpacked beside themselves."""
    out: Path = Path("lists/e2h")
    overwrite: bool = False
    """Replace the lists of an earlier call that nobody changed since. Other files of these names are never replaced."""
    lists: Annotated[PublishedLists, tyro.conf.arg(name="")] = PublishedLists()

    def run(self) -> None:
        """Write the lists and print the counts."""
        _prepare(E2H, self.lists, source=self.eads, target=self.hmdb51, out=self.out, overwrite=self.overwrite)


@dataclass(frozen=True, kw_only=True)
class PrepareB2u:
    """BU101 → UCF101."""

    bu101: Path
    """BU101: CLASS/*."""
    ucf101: Path
    """UCF101: CLASS/*.avi, or all in one folder, or its archive, which is unpacked beside itself."""
    out: Path = Path("lists/b2u")
    overwrite: bool = False
    """Replace the lists of an earlier call that nobody changed since. Other files of these names are never replaced."""
    lists: Annotated[PublishedLists, tyro.conf.arg(name="")] = PublishedLists()

    def run(self) -> None:
        """Write the lists and print the counts."""
        _prepare(B2U, self.lists, source=self.bu101, target=self.ucf101, out=self.out, overwrite=self.overwrite)


@dataclass(frozen=True, kw_only=True)
class PrepareS2u:
    """Stanford40 → UCF101, 12 classes."""

    stanford40: Path
    """Stanford40: JPEGImages/CLASS_NNN.jpg."""
    ucf101: Path
    """UCF101: CLASS/*.avi, or all in one folder, or its archive, which is unpacked beside itself."""
    out: Path = Path("lists/s2u")
    overwrite: bool = False
    """Replace the lists of an earlier call that nobody changed since. Other files of these names are never replaced."""
    lists: Annotated[PublishedLists, tyro.conf.arg(name="")] = PublishedLists()

    def run(self) -> None:
        """Write the lists and print the counts."""
        _prepare(S2U, self.lists, source=self.stanford40, target=self.ucf101, out=self.out, overwrite=self.overwrite)


@dataclass(frozen=True, kw_only=True)
class PrepareK2b:
    """Kinetics → BABEL, 12 classes, from the published split files."""

    kinetics: Path
    """Kinetics-400: videos or folders of raw frames, by class or all in one folder."""
    babel: Path
    """BABEL: raw frames, train/SEQUENCE and val/SEQUENCE."""
    splits: Path
    """Folder of k400_train.txt, k400_test.txt, babel_train.txt and babel_test.txt."""
    out: Path = Path("lists/k2b")
    overwrite: bool = False
    """Replace the lists of an earlier call that nobody changed since. Other files of these names are never replaced."""
    strip: str = ""
    """Prefix to drop from the split files' paths."""

    def run(self) -> None:
        """Write the lists and print the counts."""
        summary = prepare_k2b(
            kinetics=self.kinetics,
            babel=self.babel,
            splits=self.splits,
            out_dir=self.out,
            strip=self.strip,
            overwrite=self.overwrite,
        )
        _print(summary, self.out)


Task = (
    Annotated[PrepareE2h, tyro.conf.subcommand("e2h", prefix_name=False)]
    | Annotated[PrepareB2u, tyro.conf.subcommand("b2u", prefix_name=False)]
    | Annotated[PrepareS2u, tyro.conf.subcommand("s2u", prefix_name=False)]
    | Annotated[PrepareK2b, tyro.conf.subcommand("k2b", prefix_name=False)]
)


@dataclass(frozen=True)
class Prepare:
    """Find datasets as their owners ship them, write list files, check the counts against the published ones."""

    task: tyro.conf.OmitSubcommandPrefixes[Task]

    def run(self) -> None:
        """Prepare."""
        self.task.run()
