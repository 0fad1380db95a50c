"""The whole road, as a user walks it: the miniature made, clips generated, both methods trained, the report written."""

import json
import re
from pathlib import Path

import pytest
from videoda_bench.cli.commands import run_command
from videoda_train.cli.entry import exit_code


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("road") / "e2h-mini"
    arguments = ["mini", "e2h", "--preset", "smoke", "--out", str(out)]
    assert exit_code("videoda-bench", lambda: run_command(arguments)) == 0
    return out


def test_both_rows_of_the_miniature_complete_and_say_that_they_are_one(mini: Path) -> None:
    for run in ("source-only-static-seed0", "cfb-full-seed0"):
        results = json.loads((mini / run / "results.json").read_text())
        assert (results["task"], results["scale"], results["selection"]) == ("e2h", "mini", "last")
        assert results["num_target_videos"] == sum(map(sum, results["confusion_matrix"]))


def test_the_generated_clips_and_their_flow_are_in_the_published_layout(mini: Path) -> None:
    names = [line.rpartition(" ")[0].split("/") for line in (mini / "world" / "source.txt").read_text().splitlines()]
    for _, action, photo in names:
        frames = sorted((mini / "prepared-seed0" / "frame_16" / action / photo).iterdir())
        assert [frame.name for frame in frames] == [f"{t:05d}.jpg" for t in range(16)]
        assert (mini / "prepared-seed0" / "flow_16" / action / f"{photo}.npy").exists()


def test_the_report_is_one_page_without_anything_from_the_network(mini: Path) -> None:
    page = (mini / "report" / "index.html").read_text()
    assert not re.findall(r"(?:src|href)=[\"'](?!data:|#)", page)
    # SVG names its namespaces by address; nothing is fetched from them.
    fetched = re.sub(r"(?:xmlns(?::\w+)?|rdf:resource)=\"[^\"]*\"", "", page)
    assert re.search(r"https?:", fetched) is None, "the page names an address"
    assert page.count('src="data:image/webp') >= 5
    assert page.count("<svg") >= 3
    assert "miniature result" in page


def test_calling_again_without_resume_keeps_everything_and_says_so(
    mini: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (mini / "cfb-full-seed0" / "results.json").read_bytes()
    arguments = ["mini", "e2h", "--preset", "smoke", "--out", str(mini)]
    assert exit_code("videoda-bench", lambda: run_command(arguments)) == 2
    assert "add --resume" in capsys.readouterr().err
    assert (mini / "cfb-full-seed0" / "results.json").read_bytes() == before
    assert exit_code("videoda-bench", lambda: run_command([*arguments, "--resume"])) == 0
    assert "source-only" in capsys.readouterr().out


def test_the_real_small_photos_and_videos_walk_the_road(tmp_path: Path) -> None:
    import os

    from videoda_train.cli.commands import run_command as videoda

    data = os.environ.get("VIDEODA_TEST_DATA")
    if not data:
        pytest.skip("VIDEODA_TEST_DATA is not set; it names the folder of real test data")
    sports = Path(data) / "sports10"
    photos = (sports / "source.txt").read_text().splitlines()
    (tmp_path / "photos.txt").write_text("\n".join(f"{sports}/{line}" for line in photos[::10]) + "\n")
    arguments = [
        *("train", "custom", "--source-list", tmp_path / "photos.txt", "--target-list", sports / "target.txt"),
        *("--classes", sports / "classes.txt", "--run-dir", tmp_path / "run", "--optim.epochs", 2),
        *("--cfb.bank-from-epoch", 0, "--clip.resize", 72, "--clip.crop", 64, "--motion.size", 96),
        *("--optim.batch-size", 8),
    ]
    assert exit_code("videoda", lambda: videoda([str(a) for a in arguments])) == 0
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["num_target_videos"] == 13
    assert (tmp_path / "run" / "report" / "index.html").exists()
