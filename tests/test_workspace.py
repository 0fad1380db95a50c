"""The repository as a whole: package boundaries, versions, files that every package has."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MEMBERS = {
    "depthmotion": ROOT / "packages" / "depthmotion",
    "flowbank": ROOT / "packages" / "flowbank",
    "videoda_models": ROOT / "packages" / "videoda-models",
    "videoda_train": ROOT / "packages" / "videoda-train",
    "videoda_bench": ROOT / "benchmarks",
}
MAY_IMPORT = {
    "depthmotion": set(),
    "flowbank": set(),
    "videoda_models": set(),
    "videoda_train": {"depthmotion", "flowbank", "videoda_models"},
    "videoda_bench": {"depthmotion", "flowbank", "videoda_models", "videoda_train"},
}


def imported_modules(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("member", MEMBERS)
def test_arrows_between_packages_run_one_way(member: str) -> None:
    siblings = set(MEMBERS) - {member}
    for file in (MEMBERS[member] / "src").rglob("*.py"):
        forbidden = imported_modules(file.read_text()) & (siblings - MAY_IMPORT[member])
        assert not forbidden, f"{file.relative_to(ROOT)} imports {forbidden}"


@pytest.mark.parametrize("member", MEMBERS)
def test_sibling_dependencies_are_ranges_on_the_current_minor(member: str) -> None:
    project = tomllib.loads((MEMBERS[member] / "pyproject.toml").read_text())["project"]
    for dependency in project["dependencies"]:
        name = re.split(r"[<>=;\s]", dependency, maxsplit=1)[0].replace("-", "_")
        if name in MEMBERS:
            major, minor, _ = version(name).split(".")
            assert dependency.endswith(f">={major}.{minor},<{major}.{int(minor) + 1}"), dependency


@pytest.mark.parametrize("member", MEMBERS)
def test_a_package_declares_every_sibling_it_imports(member: str) -> None:
    project = tomllib.loads((MEMBERS[member] / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=;\s]", d, maxsplit=1)[0].replace("-", "_") for d in project["dependencies"]}
    used: set[str] = set()
    for file in (MEMBERS[member] / "src").rglob("*.py"):
        used |= imported_modules(file.read_text()) & set(MEMBERS)
    assert used - {member} <= declared


@pytest.mark.parametrize("member", MEMBERS)
def test_a_package_is_typed_documented_and_has_a_changelog_entry_for_its_version(member: str) -> None:
    folder = MEMBERS[member]
    assert (folder / "src" / member / "py.typed").exists()
    assert len((folder / "README.md").read_text()) > 500
    assert f"## [{version(member)}]" in (folder / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("member", MEMBERS)
def test_public_names_exist(member: str) -> None:
    module = __import__(member)
    for name in getattr(module, "__all__", []):
        assert hasattr(module, name), name


def test_nothing_uses_the_windows_of_opencv() -> None:
    for folder in MEMBERS.values():
        for file in (folder / "src").rglob("*.py"):
            assert not re.search(r"cv2\.(imshow|namedWindow|waitKey)", file.read_text()), file


def version(member: str) -> str:
    init = (MEMBERS[member] / "src" / member / "__init__.py").read_text()
    found = re.search(r'__version__ = "([^"]+)"', init)
    assert found
    return found[1]
