import os
import subprocess
import sys
from pathlib import Path

import pytest
from videoda_train.data.atomic_file import write_text
from videoda_train.data.made_files import write_ours
from videoda_train.errors import ConfigError


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_what_a_killed_process_left_of_a_file_goes_when_the_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    dead = dead_process()
    (tmp_path / "elsewhere").write_text("precious")
    left = tmp_path / f".list.txt.{dead}.tmp"
    left.write_text("half")
    others = [f".list.txt.{os.getppid()}.tmp", f".notes.{dead}.tmp", f"list.txt.{dead}.tmp", ".list.txt.mine.tmp"]
    for name in others:
        (tmp_path / name).write_text("mine")
    write_text(tmp_path / "list.txt", "whole")
    assert (tmp_path / "list.txt").read_text() == "whole"
    assert not left.exists()
    assert all((tmp_path / name).read_text() == "mine" for name in others)


def test_a_link_with_the_name_of_a_left_file_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    link = tmp_path / f".list.txt.{dead_process()}.tmp"
    link.symlink_to("elsewhere")
    write_text(tmp_path / "list.txt", "whole")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_what_a_killed_process_left_goes_when_a_page_is_written_again(tmp_path: Path) -> None:
    left = tmp_path / f".report.html.{dead_process()}.videoda-tmp"
    left.write_text("half")
    (tmp_path / "notes.tmp").write_text("mine")
    write_ours(tmp_path / "report.html", "whole", overwrite=False)
    assert not left.exists()
    assert (tmp_path / "notes.tmp").read_text() == "mine"


def test_what_a_killed_process_left_goes_where_the_page_itself_is_refused(tmp_path: Path) -> None:
    write_ours(tmp_path / "report.html", "a page", overwrite=False)
    left = tmp_path / f".report.html.{dead_process()}.videoda-tmp"
    left.write_text("half of a page")
    with pytest.raises(ConfigError, match="exists already"):
        write_ours(tmp_path / "report.html", "another page", overwrite=False)
    assert not left.exists()
    assert (tmp_path / "report.html").read_text() == "a page"
