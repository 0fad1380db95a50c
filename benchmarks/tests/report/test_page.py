import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from videoda_bench.report import write_page
from videoda_bench.report.clips import example_clips
from videoda_bench.report.runs import FinishedRow, bank_purity
from videoda_bench.reproduction.summary import Summary
from videoda_bench.tasks import load_task

Finished = tuple[Summary, Sequence[FinishedRow]]
PROBE = """<script>addEventListener("load", () => {
  const broken = [...document.images].filter(image => !image.complete || !image.naturalWidth).length;
  document.body.dataset.probe = [document.images.length, broken, document.documentElement.scrollWidth, innerWidth];
});</script>"""


@pytest.fixture(scope="module")
def page(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(*finished, load_task("e2h").published, path)
    return path


def browse(page: Path, folder: Path, *options: str) -> tuple[list[int], str]:
    """Open a page in headless Chromium: images, broken images, content width, window width; and the console."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium and no google-chrome on this machine")
    probed = folder / "probed.html"
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", *options]
    command += [f"--user-data-dir={folder / 'profile'}", "--dump-dom", probed.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    probe = re.search(r'data-probe="([\d,]+)"', done.stdout)
    assert probe, done.stderr
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return [int(number) for number in probe[1].split(",")], console


def test_in_a_browser_every_picture_loads_and_the_console_stays_empty(page: Path, tmp_path: Path):
    (images, broken, _, _), console = browse(page, tmp_path)
    assert images == 2 * 5
    assert broken == 0
    assert console == ""


def test_on_a_phone_nothing_is_wider_than_the_window(page: Path, tmp_path: Path):
    (_, _, content, window), _ = browse(page, tmp_path, "--window-size=390,844")
    assert content <= window


def test_a_complaint_on_the_console_is_noticed(page: Path, tmp_path: Path):
    loud = tmp_path / "loud.html"
    loud.write_text(page.read_text(encoding="utf-8").replace("<body>", "<body><script>nothing()</script>"))
    _, console = browse(loud, tmp_path)
    assert "nothing is not defined" in console


def test_a_broken_picture_is_noticed(page: Path, tmp_path: Path):
    damaged = tmp_path / "damaged.html"
    text = page.read_text(encoding="utf-8")
    damaged.write_text(
        re.sub(r'<img src="data:image/webp;base64,.{40}', '<img src="data:image/webp;base64,', text, count=1)
    )
    (_, broken, _, _), _ = browse(damaged, tmp_path)
    assert broken == 1


def test_the_page_needs_nothing_but_itself(page: Path):
    text = page.read_text(encoding="utf-8")
    references = re.findall(r'(?:src|href|srcset)="([^"]*)"', text)
    assert all(reference.startswith(("data:", "#")) for reference in references)
    assert "<script" not in text
    assert "@import" not in text


def test_names_are_escaped(page: Path):
    text = page.read_text(encoding="utf-8")
    assert "A &lt;title&gt;" in text
    assert "<kick>" not in text


def test_a_miniature_says_that_it_is_one(page: Path):
    assert "it says nothing about the real benchmark" in page.read_text(encoding="utf-8")


def test_other_choices_of_the_epoch_stand_beside_the_last(page: Path):
    text = page.read_text(encoding="utf-8")
    assert "<td>last epoch (the result)</td><td>60.0</td>" in text
    assert "<td>snd</td><td>55.0</td>" in text


def test_bank_purity_is_the_share_of_right_pseudo_labels_per_epoch(finished: Finished):
    _, rows = finished
    # Epoch 2: clap holds videos 0, 1 (both clap), kick holds 3 (kick). Epoch 3: of 0, 2 and 3, 1 two are right.
    assert bank_purity(rows[1].runs[0]) == {2: 1.0, 3: 0.5}
    assert bank_purity(rows[0].runs[0]) == {}


def test_the_bank_comes_into_use_in_the_epoch_after_it_is_first_filled(finished: Finished):
    _, rows = finished
    assert rows[1].runs[0].bank_in_use_from == 3
    assert rows[0].runs[0].bank_in_use_from is None


def test_examples_show_photo_depth_clip_flow_and_the_banks_flow(finished: Finished):
    _, rows = finished
    examples = example_clips(rows[1].runs[0], count=4)
    assert [name for name, _ in examples] == ["clap", "<kick>"]
    captions = [panel.caption.split(":")[0] for panel in examples[0][1]]
    assert captions == ["the photo", "its depth", "the generated clip", "its exact flow", "flow from the bank"]
    assert [panel.picture == panel.still for panel in examples[0][1]] == [True, True, False, False, False]


def test_a_run_without_a_bank_shows_no_flow_from_it(finished: Finished):
    _, rows = finished
    assert all(len(panels) == 4 for _, panels in example_clips(rows[0].runs[0], count=4))
