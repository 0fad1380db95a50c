"""Tags are bytes of any encoding; what is to be read is the picture."""

import ast
from pathlib import Path

import av
import pytest
import videoda_train
from tiny_media import moving_frames, write_video
from videoda_train.data.item_reader import open_item, stream_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.transcode import TranscodeConfig, transcode_list
from videoda_train.data.video_check import check_video
from videoda_train.data.video_facts import find_facts
from videoda_train.data.video_reader import OpenCvReader, PyAvReader, find_seek_points

NAME, LATIN_1 = b"Xafe Xole", b"caf\xe9 \xf6le"


def write_tagged_video(path: Path, *, in_stream: bool) -> None:
    """Write a video with a title (of the file, or of its stream) that no UTF-8 decoder takes."""
    title = NAME.decode()
    write_video(path, moving_frames(12, seed=1), **({"stream_title": title} if in_stream else {"title": title}))
    content = path.read_bytes()
    assert content.count(NAME) == 1
    path.write_bytes(content.replace(NAME, LATIN_1))


@pytest.mark.parametrize(("suffix", "in_stream"), [(".avi", False), (".avi", True), (".mp4", False), (".mkv", False)])
def test_a_tag_that_is_not_utf8_stops_no_reader(tmp_path: Path, suffix: str, in_stream: bool) -> None:
    path = tmp_path / "wave" / f"v{suffix}"
    write_tagged_video(path, in_stream=in_stream)
    with pytest.raises(UnicodeError), av.open(str(path)) as container:
        (container.streams.video[0] if in_stream else container).metadata["title"].encode()
    assert_all_readers_give(path, 12, out=tmp_path)


def test_a_real_latin1_title_stops_no_reader(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "cases").glob("latin1_title.*"))
    assert files
    for path in files:
        out = tmp_path / path.name
        out.mkdir()
        assert_all_readers_give(path, 90, out=out)


def test_media_files_are_opened_in_one_place_alone() -> None:
    """Reading by `av.open` fails on tags; writing by it is not concerned."""
    root = Path(videoda_train.__file__).parent
    assert reading_opens(root) == [root / "data" / "video_reader" / "_open.py"]


def reading_opens(root: Path) -> list[Path]:
    found = []
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("av.open", "av.container.open"):
                mode = node.args[1] if len(node.args) > 1 else None
                if not (isinstance(mode, ast.Constant) and mode.value == "w"):
                    found.append(file)
    return found


def assert_all_readers_give(path: Path, count: int, *, out: Path) -> None:
    item = ListItem(path=path, label=0, name=path.name, line=1)
    assert find_facts(path).num_frames == count
    assert find_seek_points(path)[0] == count
    assert check_video(path).verdict == "ok"
    assert len(PyAvReader(path)) == len(OpenCvReader(path)) == len(open_item(item)) == count
    assert sum(1 for _ in stream_item(item)) == count
    list_file = out / "list.txt"
    list_file.write_text(f"{path} 0\n")
    made = transcode_list(list_file, out_dir=out / "o", config=TranscodeConfig(), progress=False)
    assert (made.done, made.failures) == (1, [])
