"""Every writer on a disk that is full or read-only: what was there stays, the message says why, it goes on."""

import shutil
from pathlib import Path

import pytest
from environments import fill, remount, small_disk
from processes import finish, preload
from stages import STAGES, Stage
from trees import differences, tree
from worlds import missing_decoys, put_decoys

pytestmark = pytest.mark.slow
KIBIBYTE = 1024
NAMES = ("generation", "flow", "medians", "prepare, with unpacking", "transcode", "evaluation", "report")
SHARES = (0.0, 0.4, 0.8)
TRAINING_SHARES = (0.0, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.97)


class Calm:
    """A stage's inputs on a disk of its own, and what its command makes there."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.folder, self.template = stage, folder, folder.with_name("template")
        preload()
        self.template.mkdir()
        stage.make(self.template)
        self.inputs()
        for command in stage.first:  # here: prepared files belong to the paths of their inputs
            code, said = finish(command, folder=folder, log=folder.with_name("log"))
            assert code == 0, said
        if stage.first:
            shutil.rmtree(self.template)
            shutil.copytree(folder, self.template)
        self.inputs()
        used = size_of(folder)
        code, said = self.run(resume=False)
        assert code == 0, said
        self.wanted = self.outputs()
        self.bytes = size_of(folder) - used

    def inputs(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        for name in self.stage.decoys:
            put_decoys(self.folder / name)

    def run(self, *, resume: bool) -> tuple[int | None, str]:
        command = self.stage.resume if resume else self.stage.command
        return finish(command, folder=self.folder, log=self.folder.with_name("log"), before=self.stage.before)

    def outputs(self) -> dict[str, str]:
        found = {f"{name}/{key}": own for name in self.stage.outputs for key, own in tree(self.folder / name).items()}
        return {name: own for name, own in found.items() if not name.endswith("/ballast")}


def size_of(folder: Path) -> int:
    return sum(4096 * -(-file.stat().st_size // 4096) for file in folder.rglob("*") if file.is_file())


def stage_of(name: str) -> Stage:
    (stage,) = (stage for stage in STAGES if stage.name == name)
    return stage


def check_refusal(calm: Calm, code: int | None, said: str, *, words: tuple[str, ...]) -> None:
    """The command failed, said which folder and why in words for a user, and lost nothing of the user's."""
    assert code in (2, 3), (code, said)
    assert "Traceback" not in said, said
    assert any(word in said for word in words), said
    assert any(name in said for name in calm.stage.outputs), said
    assert not [lost for name in calm.stage.decoys for lost in missing_decoys(calm.folder / name)]


@pytest.mark.parametrize("name", [*NAMES, "training, cfb"])
def test_a_full_disk_is_named_and_with_room_the_work_goes_on_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    with small_disk(tmp_path / "disk", mebibytes=96) as disk:
        calm = Calm(stage_of(name), disk)
        refused = 0
        for share in TRAINING_SHARES if name.startswith("training") else SHARES:
            calm.inputs()
            ballast = fill(disk, leave_kibibytes=int(share * calm.bytes) // KIBIBYTE)
            code, said = calm.run(resume=False)
            if code != 0:
                refused += 1
                check_refusal(calm, code, said, words=("No space left", "disk is full", "free", "room"))
            ballast.unlink()
            code, said = calm.run(resume=True)
            assert code == 0, (share, said)
            assert differences(calm.wanted, calm.outputs()) == [], share
        assert refused, "no run met the full disk"


@pytest.mark.parametrize("name", [*NAMES, "training, cfb"])
def test_a_read_only_disk_is_named_and_changes_nothing(tmp_path: Path, name: str) -> None:
    with small_disk(tmp_path / "disk", mebibytes=96) as disk:
        calm = Calm(stage_of(name), disk)
        calm.inputs()
        remount(disk, "ro")
        before = tree(disk)
        code, said = calm.run(resume=False)
        check_refusal(calm, code, said, words=("Read-only file system",))
        assert tree(disk) == before
        remount(disk, "rw")
        code, said = calm.run(resume=True)
        assert code == 0, said
        assert differences(calm.wanted, calm.outputs()) == []
