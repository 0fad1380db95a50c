"""What a long run says of itself."""

import io
import itertools

import pytest
from depthmotion.progress import with_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("seconds_each", "lines"), [(0.1, 1), (1, 16), (61, 1000)])
def test_a_log_gets_one_line_a_minute_and_one_at_the_end(seconds_each, lines):
    log, ticks = io.StringIO(), itertools.count()
    clock = lambda: float(next(ticks) * seconds_each)  # noqa: E731
    assert list(with_progress(range(1000), total=1000, what="clips", unit="clip", stream=log, clock=clock)) == list(
        range(1000)
    )
    assert log.getvalue().count("\n") == pytest.approx(lines, abs=1)
    assert "\r" not in log.getvalue()
    assert log.getvalue().splitlines()[-1].startswith("clips: 1000 of 1000 clips in ")


def test_a_line_says_how_long_it_will_take():
    log, ticks = io.StringIO(), itertools.count(step=60)
    list(with_progress("abcd", total=4, what="depth", unit="photo", stream=log, clock=lambda: float(next(ticks))))
    assert log.getvalue().splitlines()[0] == "depth: 1 of 4 photos, about 3 min left"


def test_nothing_to_do_says_nothing():
    log = io.StringIO()
    assert list(with_progress([], total=0, what="clips", unit="clip", stream=log)) == []
    assert log.getvalue() == ""


def test_a_terminal_gets_a_bar():
    terminal = Terminal()
    list(with_progress(range(3), total=3, what="clips", unit="clip", stream=terminal))
    assert "\r" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
