"""Archives as datasets are shipped in them, unpacked beside themselves."""

import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

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


def unpacked_folder(archive: Path) -> Path:
    """Return where an archive is unpacked: the folder of its name beside it."""
    return archive.with_suffix("")


def unpack(archive: Path) -> Path:
    """Unpack a `.rar` or `.zip` and return its folder, which appears whole or not at all; one that is there is kept.

    Raises:
        MissingDatasetError: no program that unpacks RAR is installed, or the archive cannot be unpacked.
        StorageError: there is no room for its files, or the disk refuses them.
    """
    archive = archive.absolute()
    folder = unpacked_folder(archive)
    if folder.is_dir():
        return folder
    temporary = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        if archive.suffix.lower() == ".zip":
            _unpack_zip(archive, temporary)
        else:
            _unpack_rar(archive, temporary)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _unpack_zip(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as file:
            _require_room(folder, sum(info.file_size for info in file.infolist()), archive=archive)
            file.extractall(folder)
    except StorageError:
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
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        if done.returncode == 0:
            return
        complaints.append(f"{tool}: {_last_line(done.stderr or done.stdout) or f'exit code {done.returncode}'}")
    raise MissingDatasetError(f"{archive} cannot be unpacked ({'; '.join(complaints)}); download it again")


def _last_line(text: str) -> str:
    lines: Sequence[str] = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
