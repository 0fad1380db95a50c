"""Archives as datasets are shipped in them, unpacked beside themselves."""

import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

from videoda_train.errors import MissingDatasetError

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
            file.extractall(folder)
    except zipfile.BadZipFile as error:
        raise MissingDatasetError(f"{archive} cannot be unpacked ({error}); download it again") from error


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
