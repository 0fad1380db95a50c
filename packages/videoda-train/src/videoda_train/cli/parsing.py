"""A command line becomes a command; a mistyped one becomes one line that says what was meant."""

import contextlib
import difflib
import io
import itertools
import re
import sys
from collections.abc import Sequence
from typing import Any

import tyro

_RULE = re.compile(r"[─-]{3,}")


def parse_command_line(kind: Any, arguments: Sequence[str], *, program: str, description: str) -> Any:
    """Return the command of type `kind` that the arguments say.

    Raises:
        SystemExit: 0 after `--help`; 2 after one line on stderr that names the mistake and, where one is near, the
            option or command that may be meant.
    """

    def parse(words: Sequence[str]) -> Any:
        return tyro.cli(kind, prog=program, description=description, args=list(words))

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parse(arguments)
    except SystemExit as end:
        if not end.code:
            raise
    helped = io.StringIO()
    with contextlib.redirect_stdout(helped), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        parse([*_leading(arguments), "--help"])
    print(f"{program}: error: {mistake(said.getvalue(), helped.getvalue(), program=program)}", file=sys.stderr)
    raise SystemExit(2)


def _leading(arguments: Sequence[str]) -> list[str]:
    """Return the words before the first option: the names of the command, perhaps with its first files."""
    return list(itertools.takewhile(lambda word: not word.startswith("-"), arguments))


def mistake(error: str, help_text: str, *, program: str) -> str:
    """Return one line for the parser's message about a command whose help is `help_text`."""
    sections = _sections(error)
    text = " ".join(line for section in sections for line in section)
    usage = re.search(rf"usage: ({re.escape(program)}(?: [a-z0-9][\w-]*)*)", help_text)
    command = usage[1] if usage else program
    see = f"; see {command} --help"
    options = sorted(set(re.findall(r"(?<![\w-])--[a-z][\w.-]*", help_text)))

    unknown = re.search(r"Unrecognized options:\s*([^\s,]+)", text)
    if unknown and unknown[1].startswith("-"):
        name = unknown[1].partition("=")[0]
        meant = _meant(_near_option(name, options))
        return f"{command} has no option {name}{meant + f' See {command} --help' if meant else see}"
    if unknown:
        listed = re.search(r"Available subcommands: (.*?)(?: For full|$)", text)
        if listed:
            commands = listed[1].split(", ")
            near = difflib.get_close_matches(unknown[1], commands, n=1)
            return f"{command} has no command {unknown[1]!r}{_meant(near) or ';'} There are {', '.join(commands)}"
        return f"{command} takes no {unknown[1]!r} there{see}"
    missing = _missing(sections)
    if missing:
        return f"{command} needs {', '.join(missing)}{see}"
    return _plain(" ".join(sections[0])) + see if sections else f"the arguments cannot be read{see}"


def _sections(error: str) -> list[list[str]]:
    """Return the lines of a framed message in its sections, without frame, heading and the last hint.

    The frame is of drawn lines where the terminal has them, else there are only rules of '-'.
    """
    sections: list[list[str]] = [[]]
    lines = (line.strip(" │╰╯") for line in error.splitlines())
    for line in list(filter(None, lines))[1:]:
        if _RULE.fullmatch(line):
            sections.append([])
        elif line:
            sections[-1].append(line)
    return [section for section in sections if section and not section[0].startswith("For full helptext")]


def _missing(sections: Sequence[Sequence[str]]) -> list[str]:
    named = [section[1:] for section in sections if section[0].startswith("Missing from")]
    found = (re.match(r"(--[a-z][\w.-]*)|([A-Z][A-Z|… ]*)(?=$|\s*\[)", line) for lines in named for line in lines)
    return [match[0].strip() for match in found if match]


def _near_option(name: str, options: Sequence[str]) -> list[str]:
    """Return the options that may be meant: the same word in a group first, then the nearest by letters."""
    word = name.lstrip("-").replace("_", "-")
    same = [option for option in options if option.endswith((f".{word}", f"--{word}"))]
    return (same or difflib.get_close_matches(f"--{word}", options, n=1, cutoff=0.6))[:2]


def _meant(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _plain(message: str) -> str:
    message = message.removesuffix(".").replace("Error parsing ", "")
    if message.startswith("Expected one of {"):
        message = f"a command is missing. {message}"
    message = re.sub(r"invalid literal for int\(\) with base 10: (.*)", r"\1 is not a whole number", message)
    message = re.sub(r"could not convert string to float: (.*)", r"\1 is not a number", message)
    message = re.sub(r"Could not find valid parse for arguments: \[(.*)\]", r"\1 is not allowed there", message)
    return re.sub(r"Expected one of [({](.*)[)}]", lambda found: f"Allowed: {found[1].replace(chr(39), '')}", message)
