import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from videoda_train import __version__
from videoda_train.cli.entry import exit_code, main
from videoda_train.errors import ConfigError


def raising(error: BaseException) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (ConfigError("cfb.bank_size is 0; it must be at least 1"), 2, "tool: error: cfb.bank_size is 0"),
        (
            FileNotFoundError(2, "No such file or directory", "x.txt"),
            2,
            "tool: error: No such file or directory: x.txt",
        ),
        (KeyboardInterrupt(), 130, "tool: interrupted; what is done is kept"),
        (ZeroDivisionError("division by zero"), 1, "tool: this is a bug in tool 1.2: please report it"),
        (OSError("without a number"), 1, "tool: this is a bug in tool 1.2: please report it"),
    ],
)
def test_an_end_is_its_exit_code_and_its_line(
    error: BaseException | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("tool", (lambda: None) if error is None else raising(error), version="1.2") == code
    shown = capsys.readouterr().err
    assert said in shown
    assert ("Traceback" in shown) == (code == 1)


def test_some_failed_items_are_3() -> None:
    with pytest.raises(SystemExit) as end:
        exit_code("tool", raising(SystemExit(3)))
    assert end.value.code == 3


def test_sigterm_ends_a_command_as_ctrl_c_does_and_the_handler_before_comes_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def wait() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(60)

    assert exit_code("tool", wait) == 130
    assert "tool: interrupted" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_that_stops_reading_ends_a_command_without_a_word() -> None:
    script = (
        "import sys; from videoda_train.cli.entry import exit_code\n"
        "sys.exit(exit_code('tool', lambda: [print('a line of a long table') for _ in range(100_000)]))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode == 130


def test_the_version_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["videoda", "--version"])
    main()
    assert capsys.readouterr().out == f"videoda {__version__}\n"


def test_a_file_in_the_way_of_a_folder_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert exit_code("tool", lambda: (tmp_path / "file" / "below").mkdir()) == 2
    assert str(tmp_path / "file" / "below") in capsys.readouterr().err
