import shutil
import stat
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from stored_rar import write_rar
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.prepare import DomainFacts
from videoda_train.data.prepare._find_files import find_files
from videoda_train.data.prepare._unpack import unpack
from videoda_train.errors import MissingDatasetError, StorageError

FACTS = DomainFacts("tiny51", ("clap", "run"), frozenset({".avi"}))
RAR_TOOLS = ("unrar", "unar", "7zz", "7z", "bsdtar")


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are looked for in."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def make_tool(folder: Path, name: str, body: str) -> None:
    tool = folder / name
    tool.write_text(f"#!{sys.executable}\nimport sys, zipfile\n{body}\n")
    tool.chmod(0o755)


@pytest.fixture
def unrar(tools: Path) -> Path:
    """An `unrar` that takes ZIP files for RAR files."""
    make_tool(tools, "unrar", "zipfile.ZipFile(sys.argv[-2]).extractall(sys.argv[-1])")
    return tools


def names(found: list[list[Path]], root: Path) -> list[list[str]]:
    return [[str(file.relative_to(root)) for file in files] for files in found]


def test_archives_in_an_archive_are_unpacked_where_they_are_of_a_class_that_is_asked_for(
    tmp_path: Path, unrar: Path
) -> None:
    inner = {name: write_zip(tmp_path / "inner" / f"{name}.rar", {f"{name}/1.avi": b""}) for name in ("clap", "swim")}
    root = tmp_path / "data"
    write_zip(root / "tiny51_org.rar", {f"{name}.rar": file.read_bytes() for name, file in inner.items()})
    (root / "run").mkdir()
    assert names(find_files(root, FACTS), root) == [["tiny51_org/clap/clap/1.avi"], []]
    assert not (root / "tiny51_org" / "swim").exists()


def test_an_archive_may_be_given_in_place_of_a_folder(tmp_path: Path, unrar: Path) -> None:
    archive = write_zip(tmp_path / "all.rar", {"v_Run_g01_c01.avi": b"", "v_Clap_g01_c01.avi": b""})
    found = find_files(archive, FACTS)
    assert names(found, tmp_path) == [["all/v_Clap_g01_c01.avi"], ["all/v_Run_g01_c01.avi"]]


def test_what_is_unpacked_already_is_not_unpacked_again(tmp_path: Path, tools: Path) -> None:
    root = tmp_path / "data"
    for name in ("clap", "run"):
        write_zip(root / f"{name}.rar", {})
        (root / name).mkdir()
        (root / name / f"{name}.avi").touch()
    assert names(find_files(root, FACTS), root) == [["clap/clap.avi"], ["run/run.avi"]]


def test_archives_beside_a_dataset_that_is_there_are_left_alone(tmp_path: Path, tools: Path) -> None:
    write_zip(tmp_path / "UCF101.rar", {})
    for name in ("clap", "run"):
        (tmp_path / "UCF-101" / name).mkdir(parents=True)
        (tmp_path / "UCF-101" / name / "1.avi").touch()
    assert [len(files) for files in find_files(tmp_path, FACTS)] == [1, 1]


def test_zip_archives_need_no_program(tmp_path: Path, tools: Path) -> None:
    write_zip(tmp_path / "JPEGImages.zip", {"JPEGImages/clap_001.jpg": b"", "JPEGImages/run_001.jpg": b""})
    found = find_files(tmp_path, DomainFacts("photos", FACTS.folders, IMAGE_SUFFIXES))
    assert [len(files) for files in found] == [1, 1]


def test_without_a_program_that_unpacks_rar_the_error_says_what_to_install(tmp_path: Path, tools: Path) -> None:
    archive = write_zip(tmp_path / "clap.rar", {"clap/1.avi": b""})
    with pytest.raises(MissingDatasetError, match=r"clap\.rar .* none of unrar, unar, 7zz, 7z, bsdtar .* apt-get inst"):
        find_files(tmp_path, FACTS)
    assert sorted(tmp_path.iterdir()) == [archive, tools]


def test_where_one_program_fails_the_next_is_tried(tmp_path: Path, unrar: Path) -> None:
    make_tool(unrar, "bsdtar", "zipfile.ZipFile(sys.argv[3]).extractall(sys.argv[-1])")
    make_tool(unrar, "unrar", "sys.exit('unsupported method')")
    archive = write_zip(tmp_path / "clap.rar", {"clap/1.avi": b"x"})
    assert (unpack(archive) / "clap" / "1.avi").read_bytes() == b"x"


def test_a_broken_archive_is_named_with_each_programs_reason_and_leaves_nothing_behind(
    tmp_path: Path, unrar: Path
) -> None:
    make_tool(unrar, "7z", "sys.exit('unexpected end of archive')")
    archive = tmp_path / "clap.rar"
    archive.write_bytes(b"cut")
    with pytest.raises(MissingDatasetError, match=r"unrar: .*not a zip file; 7z: unexpected end of archive\)"):
        unpack(archive)
    assert sorted(tmp_path.iterdir()) == [archive, unrar]
    with pytest.raises(MissingDatasetError, match=r"b\.zip cannot be unpacked"):
        unpack(archive.rename(tmp_path / "b.zip"))


@pytest.mark.skipif(not any(map(shutil.which, RAR_TOOLS)), reason=f"none of {', '.join(RAR_TOOLS)} is installed")
def test_a_real_rar_is_unpacked_by_the_installed_program(tmp_path: Path) -> None:
    write_rar(tmp_path / "clap.rar", {"clap/a &#1 (x).avi": b"frames"})
    ((file,), _) = find_files(tmp_path, FACTS)
    assert (file.name, file.read_bytes()) == ("a &#1 (x).avi", b"frames")


@pytest.mark.parametrize("name", ["/etc/evil.avi", "../evil.avi", "a/../../evil.avi", "C:\\evil.avi", "..\\evil.avi"])
def test_a_member_that_lies_outside_is_refused_by_name(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "clap.zip"
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("clap/1.avi")
        file.writestr(info, b"x")
        info = zipfile.ZipInfo("x")
        info.filename = name
        file.writestr(info, b"x")
    with pytest.raises(MissingDatasetError, match=r"clap\.zip is not unpacked: .*evil\.avi' in it lies outside"):
        unpack(archive)
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_a_member_that_is_no_file_is_refused_by_name(tmp_path: Path, kind: int) -> None:
    archive = tmp_path / "clap.zip"
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("clap/1.avi")
        info.external_attr = (kind | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(MissingDatasetError, match=r"'clap/1\.avi' in it is a link or a device"):
        unpack(archive)
    assert list(tmp_path.iterdir()) == [archive]


def test_a_program_that_unpacks_a_link_has_unpacked_nothing(tmp_path: Path, unrar: Path) -> None:
    make_tool(unrar, "unrar", "import os; os.symlink('/etc', sys.argv[-1] + 'clap')")
    archive = write_zip(tmp_path / "clap.rar", {})
    with pytest.raises(MissingDatasetError, match=r"'clap' in it is a link or a device"):
        unpack(archive)
    assert sorted(tmp_path.iterdir()) == [archive, unrar]
    assert Path("/etc").is_dir()


def test_a_program_that_fills_the_disk_is_stopped(tmp_path: Path, unrar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tool(unrar, "unrar", "import time; time.sleep(600)")
    archive = write_zip(tmp_path / "clap.rar", {})
    full = shutil.disk_usage(tmp_path)._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(StorageError, match="nearly full, so it was stopped"):
        unpack(archive)
    assert sorted(tmp_path.iterdir()) == [archive, unrar]


def test_an_archive_of_a_hundred_times_its_size_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "clap.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file, file.open("clap/1.avi", "w") as member:
        for _ in range(80):
            member.write(bytes(2**20))
    with pytest.raises(MissingDatasetError, match=r"clap\.zip of 0\.1 MiB unpacks to 80 MiB, over 100 times as much"):
        unpack(archive)
    assert list(tmp_path.iterdir()) == [archive]


def test_a_users_folder_of_a_temporary_looking_name_stays(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "clap.zip", {"clap/1.avi": b"x"})
    (tmp_path / ".clap.unpacking").mkdir()
    (tmp_path / ".clap.unpacking" / "notes").touch()
    (tmp_path / ".clap.mine.videoda-tmp").mkdir()
    assert (unpack(archive) / "clap" / "1.avi").exists()
    assert (tmp_path / ".clap.unpacking" / "notes").exists()
    assert (tmp_path / ".clap.mine.videoda-tmp").exists()


def test_a_file_in_the_place_of_the_folder_stays(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "clap.zip", {"clap/1.avi": b"x"})
    (tmp_path / "clap").write_text("mine")
    with pytest.raises(MissingDatasetError, match="where something else is"):
        unpack(archive)
    assert (tmp_path / "clap").read_text() == "mine"
