from pathlib import Path

import pytest
from videoda_train.cli import commands
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code

PRECIOUS = "what somebody wrote\n"


def report(*arguments: object) -> int:
    return exit_code("videoda", lambda: run_command(["report", *map(str, arguments)]))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of any folder, without a run behind it."""
    monkeypatch.setattr(commands, "write_report", lambda runs, file: Path(file).write_text(f"page of {len(runs)}"))


@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_a_report_replaces_nothing_that_is_not_one(
    page: None, more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "precious.html").write_text(PRECIOUS)
    (tmp_path / "link.html").symlink_to(tmp_path / "precious.html")
    (tmp_path / "dangling.html").symlink_to(tmp_path / "nowhere")
    for name in ("precious.html", "link.html", "dangling.html", ""):
        assert report("run", "-o", tmp_path / name, *more) == 2
        assert str(tmp_path / name) in capsys.readouterr().err
    assert (tmp_path / "precious.html").read_text() == PRECIOUS
    assert not (tmp_path / "nowhere").exists()


def test_a_report_replaces_its_own_page_where_it_is_told_to_and_the_page_is_unchanged(
    page: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    assert report("a", "-o", out) == 0
    assert report("a", "b", "-o", out) == 2
    assert "exists already; add --overwrite" in capsys.readouterr().err
    assert report("a", "b", "-o", out, "--overwrite") == 0
    assert out.read_text() == "page of 2"
    out.write_text(f"page of 2 {PRECIOUS}")
    assert report("a", "-o", out, "--overwrite") == 2
    assert PRECIOUS in out.read_text()
