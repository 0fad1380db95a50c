"""Settings of a recipe changed by their dotted names, as in `optim.epochs`."""

import os
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from videoda_train.recipes.config import TrainOptions

from videoda_bench.errors import PlanError


def change_settings(options: TrainOptions, settings: Mapping[str, Any]) -> TrainOptions:
    """Return the options with the given settings changed, all at once.

    Raises:
        PlanError: a name that the options do not have, or a value of another type than theirs.
        ConfigError: values that are out of range or do not go together.
    """
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        part = nested
        *parents, last = name.split(".")
        for parent in parents:
            part = part.setdefault(parent, {})
            if not isinstance(part, dict):
                raise PlanError(f"{name} is a setting inside of {parent}, which is given a value of its own too")
        part[last] = value
    return _replace(options, nested, prefix="")


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `NAME=VALUE` texts; values are YAML, as in `optim.milestones=[8, 10]`.

    Raises:
        PlanError: a text without `=`, or a value that is not YAML.
    """
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            settings[name.strip()] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError):  # also dates and numbers that are none
            equals = ""
        if not equals:
            raise PlanError(f"{text!r} is not NAME=VALUE; for example optim.epochs=2")
    return settings


def with_variables(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with each `${NAME}` in a text replaced by that environment variable.

    Raises:
        PlanError: it is not set.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise PlanError(f"a setting is {found.string!r}, and {found[1]} is not set; do: export {found[1]}=…")
        return os.environ[found[1]]

    return {
        name: re.sub(r"\$\{(\w+)\}", value, text) if isinstance(text, str) else text for name, text in settings.items()
    }


def _replace(config: Any, values: Mapping[str, Any], *, prefix: str) -> Any:
    kinds = get_type_hints(type(config))
    names = {field.name for field in fields(config)}
    changed = {}
    for name, value in values.items():
        if name not in names:
            raise PlanError(
                f"no setting {prefix}{name}; there are {', '.join(prefix + each for each in sorted(names))}"
            )
        old = getattr(config, name)
        if is_dataclass(old):
            if not isinstance(value, dict):
                raise PlanError(f"{prefix}{name} is a group of settings; change one of them, as in {prefix}{name}.NAME")
            changed[name] = _replace(old, value, prefix=f"{prefix}{name}.")
        else:
            changed[name] = _typed(value, kinds[name], name=prefix + name)
    return replace(config, **changed)


def _typed(value: Any, kind: Any, *, name: str) -> Any:
    """Return the value as the setting's type: lists become tuples, texts paths, integers floats."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and types.NoneType in arguments:
            return None
        return _typed(value, next(each for each in arguments if each is not types.NoneType), name=name)
    if origin is Literal:
        if value in arguments:
            return value
        raise PlanError(f"{name} is {value!r}; allowed: {', '.join(map(str, arguments))}")
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_typed(each, arguments[0], name=name) for each in value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise PlanError(f"{name} is {value!r}; it must be {getattr(kind, '__name__', kind)}")
