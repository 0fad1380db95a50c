"""`python pip_without_processes.py download …`: pip in a Python that cannot start another process.

Once pip has unpacked a source archive it runs the package's own build code, always in a process of its own. Here that
fails, so nothing of a package is ever run. Own modules only: this file is run by its path, without importing any other
of this package.
"""

import importlib.util
import runpy
import sys
from pathlib import Path

_PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _PROCESSES or event == "os.startfile":
        raise PermissionError("no process is started here")


def _bundled_pip() -> Path | None:
    """The wheel of pip that comes with Python, for environments without one; pip runs from it as it is."""
    spec = importlib.util.find_spec("ensurepip")
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted((Path(spec.origin).parent / "_bundled").glob("pip-*.whl"))), None)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != here]  # its modules are not pip's
    if importlib.util.find_spec("pip") is None:
        wheel = _bundled_pip()
        if wheel is None:
            sys.exit("ERROR: there is no pip in this environment; install it, or give the file by its path")
        sys.path.insert(0, str(wheel))
    sys.addaudithook(_refuse)
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
