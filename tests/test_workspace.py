"""The repository as a whole: package boundaries, versions, files that every package has."""

import ast
import re
import subprocess
import sys
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


WATCHED_IMPORT = """
import importlib, sys

def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        print(event, arguments)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        print(event, arguments[0])

sys.addaudithook(watch)
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("member", MEMBERS)
def test_importing_a_package_reaches_no_network_and_writes_nothing_but_caches(member: str) -> None:
    imported = [sys.executable, "-B", "-c", WATCHED_IMPORT, member]
    seen = subprocess.run(imported, check=True, capture_output=True, text=True).stdout.splitlines()
    # Numba asks whether it can keep compiled code beside the sources.
    assert [event for event in seen if not event.endswith("__pycache__")] == []


def test_a_test_that_reaches_for_the_network_fails(pytester: pytest.Pytester) -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
    pytester.makepyfile("""
        import socket

        def test_outside():
            socket.create_connection(("192.0.2.1", 80), timeout=0.01)

        def test_this_machine():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
    """)
    network = [option for option in options.split() if option.startswith("--allow-")]
    result = pytester.runpytest_subprocess("-W", "ignore", *network)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*SocketConnectBlockedError*"])
