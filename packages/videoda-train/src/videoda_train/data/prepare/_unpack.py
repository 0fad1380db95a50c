"""Archives as datasets are shipped in them, unpacked beside themselves."""

import os
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from videoda_train.data.made_files import remove_ours, sweep_temporaries, temporary_beside
from videoda_train.errors import MissingDatasetError, StorageError
from videoda_train.storage import is_refusal, storage_error

ARCHIVE_SUFFIXES = frozenset({".rar", ".zip"})

_RAR_TOOLS: dict[str, tuple[str, ...]] = {
    "unrar": ("x", "-o+", "-inul", "{archive}", "{folder}/"),
    "unar": ("-quiet", "-force-overwrite", "-no-directory", "-output-directory", "{folder}", "{archive}"),
    "7zz": ("x", "-y", "-bso0", "-bsp0", "-o{folder}", "{archive}"),
    "7z": ("x", "-y", "-bso0", "-bsp0", "-o{folder}", "{archive}"),
    "bsdtar": ("-x", "-f", "{archive}", "-C", "{folder}"),
}
"""RAR has no free library; these programs unpack it, and are tried in this order."""

_MOST_SHRUNK = 100
_ALWAYS_ALLOWED = 64 * 2**20
_ROOM_LEFT = 256 * 2**20
"""What stays free while a program unpacks, which does not say beforehand how much it will write [bytes]."""


def unpacked_folder(archive: Path) -> Path:
    """Return where an archive is unpacked: the folder of its name beside it."""
    return archive.with_suffix("")


def unpack(archive: Path) -> Path:
    """Unpack a `.rar` or `.zip` and return its folder, which appears whole or not at all; one that is there is kept.

    Raises:
        MissingDatasetError: no program that unpacks RAR is installed, or the archive cannot be unpacked: it is damaged,
            holds links, devices or paths that lead outside, or a hundred times its own size.
        StorageError: there is no room for its files, or the disk refuses them.
    """
    archive = archive.absolute()
    folder = unpacked_folder(archive)
    if folder.is_dir():
        return folder
    if os.path.lexists(folder):
        raise MissingDatasetError(
            f"{archive} is to be unpacked into {folder}, where something else is; move one of them"
        )
    sweep_temporaries(folder.parent)
    temporary = temporary_beside(folder)
    remove_ours(temporary)
    temporary.mkdir()
    try:
        if archive.suffix.lower() == ".zip":
            _unpack_zip(archive, temporary)
        else:
            _unpack_rar(archive, temporary)
            _require_plain(archive, temporary)
        temporary.rename(folder)
    finally:
        remove_ours(temporary)
    return folder


def _unpack_zip(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                _require_harmless(info, archive=archive)
            needed = sum(info.file_size for info in file.infolist())
            _require_room(folder, needed, archive=archive)
            _require_likely(needed, archive=archive)
            file.extractall(folder)
    except (MissingDatasetError, StorageError):
        raise
    except OSError as error:
        if is_refusal(error):
            raise storage_error(folder, error) from error
        raise _damaged(archive, error) from error
    except NotImplementedError as error:  # Deflate64, among others
        raise MissingDatasetError(
            f"{archive} is packed in a way that Python cannot unpack ({error}); unpack it yourself into "
            f"{unpacked_folder(archive)}"
        ) from error
    except RuntimeError as error:
        if "encrypted" not in str(error):
            raise _damaged(archive, error) from error
        raise MissingDatasetError(
            f"{archive} is encrypted; unpack it yourself into {unpacked_folder(archive)}"
        ) from error
    except Exception as error:  # zipfile and the decompressors meet damage with exceptions of many kinds
        raise _damaged(archive, error) from error


def _require_harmless(info: zipfile.ZipInfo, *, archive: Path) -> None:
    """Refuse a member that would be no file or folder inside: what packs such an archive is out for something else."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    name = info.filename.replace("\\", "/")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise MissingDatasetError(f"{archive} is not unpacked: {info.filename!r} in it is a link or a device")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise MissingDatasetError(f"{archive} is not unpacked: {info.filename!r} in it lies outside of its folder")


def _require_likely(needed: int, *, archive: Path) -> None:
    """Refuse what no dataset is: photos and videos are packed already, and hardly shrink in an archive."""
    packed = archive.stat().st_size
    if needed > _MOST_SHRUNK * packed + _ALWAYS_ALLOWED:
        raise MissingDatasetError(
            f"{archive} of {packed / 2**20:,.1f} MiB unpacks to {needed / 2**20:,.0f} MiB, over {_MOST_SHRUNK} times "
            "as much: those are no photos or videos; if it is right, unpack it yourself into "
            f"{unpacked_folder(archive)}"
        )


def _require_plain(archive: Path, folder: Path) -> None:
    """Refuse links and devices that a program has unpacked; the folder is thrown away then."""
    for place in folder.rglob("*"):
        if not stat.S_ISDIR(place.lstat().st_mode) and not stat.S_ISREG(place.lstat().st_mode):
            raise MissingDatasetError(
                f"{archive} is not unpacked: {place.relative_to(folder).as_posix()!r} in it is a link or a device"
            )


def _require_room(folder: Path, needed: int, *, archive: Path) -> None:
    """Refuse what does not fit before it fills the disk: an archive of kilobytes can hold terabytes of zeros."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageError(
            f"{archive} unpacks to {needed / 2**20:,.0f} MiB and {folder.parent} has {free / 2**20:,.0f} MiB free; "
            "make room there, or unpack it yourself elsewhere"
        )


def _damaged(archive: Path, error: Exception) -> MissingDatasetError:
    return MissingDatasetError(f"{archive} cannot be unpacked ({error or type(error).__name__}); download it again")


def _unpack_rar(archive: Path, folder: Path) -> None:
    installed = [tool for tool in _RAR_TOOLS if shutil.which(tool)]
    if not installed:
        raise MissingDatasetError(
            f"{archive} is to be unpacked, and none of {', '.join(_RAR_TOOLS)} is installed; install one "
            "(Debian, Ubuntu: apt-get install unar; macOS: brew install unar), or unpack it yourself"
        )
    complaints = []
    for tool in installed:
        command = [tool, *(part.format(archive=archive, folder=folder) for part in _RAR_TOOLS[tool])]
        exit_code, said = _run_watched(command, folder, archive=archive)
        if exit_code == 0:
            return
        complaints.append(f"{tool}: {_last_line(said) or f'exit code {exit_code}'}")
    raise MissingDatasetError(f"{archive} cannot be unpacked ({'; '.join(complaints)}); download it again")


def _run_watched(command: Sequence[str], folder: Path, *, archive: Path) -> tuple[int, str]:
    """Run a program until it ends or the disk is nearly full; return its exit code and what it said."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.5)
                    break
                if shutil.disk_usage(folder).free < _ROOM_LEFT:
                    raise StorageError(
                        f"{archive} was being unpacked and {folder.parent} is nearly full, so it was stopped; "
                        "make room there, or unpack it yourself elsewhere"
                    )
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        return process.returncode, output.read()[-10_000:].decode(errors="replace")


def _last_line(text: str) -> str:
    lines: Sequence[str] = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
