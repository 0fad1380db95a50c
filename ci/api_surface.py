"""The public names of the packages with their signatures, kept in `ci/api/MODULE.txt`.

`python ci/api_surface.py` compares and exits 1 naming what changed; `--write` writes the files again. A change of a
public name is a change for users: write it into the package's CHANGELOG.md.
"""

import difflib
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "api"
MODULES = (
    "depthmotion",
    "flowbank",
    "videoda_models",
    "videoda_train.data.video_reader",
    "videoda_train.engine",
    "videoda_train.methods",
    "videoda_train.recipes",
    "videoda_train.report",
    "videoda_bench.miniature",
)


def public_names(module: ModuleType) -> list[str]:
    """Return one line per name of `__all__`, and per public method or field of its classes."""
    lines = []
    for name in sorted(getattr(module, "__all__", ())):
        value = getattr(module, name)
        lines.append(f"{name}{_signature(value)}")
        if inspect.isclass(value):
            fields = getattr(value, "__dataclass_fields__", {})
            members = sorted(key for key in vars(value) if not key.startswith("_") and key not in fields)
            lines += [f"    {name}.{key}{_signature(inspect.getattr_static(value, key))}" for key in members]
        elif inspect.ismodule(value):
            lines += [f"    {line}" for line in public_names(value)]
    return lines


def _signature(value: object) -> str:
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property) or not callable(value):
        return ""
    if inspect.isclass(value) and issubclass(value, BaseException):
        return ""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return "(…)"
    shown = [
        f"{'*' * (parameter.kind - 1) * (parameter.kind in (2, 4))}{parameter.name}"
        + ("=…" if parameter.default is not inspect.Parameter.empty else "")
        + (" (keyword)" if parameter.kind is inspect.Parameter.KEYWORD_ONLY else "")
        for parameter in parameters
    ]
    return f"({', '.join(shown)})"


def main(arguments: list[str]) -> int:
    """Compare with the committed files, or write them."""
    changed = False
    for module in MODULES:
        file = FOLDER / f"{module}.txt"
        lines = public_names(importlib.import_module(module))
        if "--write" in arguments:
            file.parent.mkdir(exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in lines))
            continue
        known = file.read_text().splitlines() if file.exists() else []
        difference = list(difflib.unified_diff(known, lines, str(file), module, n=0, lineterm=""))
        if difference:
            changed = True
            print("\n".join(difference))
    if changed:
        print("Public names changed. Say so in the package's CHANGELOG.md, then: python ci/api_surface.py --write")
    return int(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
