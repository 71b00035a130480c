"""Short words for paths that only one drill had, so that its commands can be read and repeated elsewhere."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath


class ShortPaths:
    """Short names: the set's directory ``$SET``, the drill's own ``$RUN``, and each program by its last part.

    Two programs of one name keep their paths. ``directories`` and ``programs`` say what the words stand for.
    """

    def __init__(self, commands: Iterable[Sequence[str]], drill_id: str, set_location: str | None) -> None:
        kept = [argv for argv in commands if argv]
        run = _directory_named(drill_id, kept)
        named = {"$SET": (set_location or "").rstrip("/"), "$RUN": run}
        self.directories = {word: path for word, path in named.items() if path.startswith("/")}
        self.programs = _programs(argv[0] for argv in kept)
        self._words = {path: word for word, path in self.directories.items()}
        longest_first = sorted(self._words, key=len, reverse=True)
        self._known = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?=/|$)")
        self._short = {path: name for name, path in self.programs.items()}

    def command(self, argv: Sequence[str]) -> str:
        """Return ``argv`` as one line for a shell, in which the short words are variables."""
        program, *arguments = argv
        return " ".join([self._short.get(program) or self._quoted(program), *map(self._quoted, arguments)])

    def _quoted(self, argument: str) -> str:
        parts, last = [], 0
        for match in self._known.finditer(argument) if self._words else ():
            parts += [_literal(argument[last : match.start()]), f'"{self._words[match.group()]}"']
            last = match.end()
        return "".join([*parts, _literal(argument[last:])]) or "''"


def _literal(text: str) -> str:
    return shlex.quote(text) if text else ""


def _directory_named(name: str, commands: Iterable[Sequence[str]]) -> str:
    """The path that ends in ``name``, in the first argument that holds it; empty if none does."""
    if not name:
        return ""
    path = re.compile(rf"/[^\s=:]*/{re.escape(name)}(?=/|$)")
    matches = (path.search(argument) for argv in commands for argument in argv)
    return next((match.group() for match in matches if match), "")


def _programs(paths: Iterable[str]) -> dict[str, str]:
    named: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        named[PurePosixPath(path).name].add(path)
    return {
        name: path
        for name, (path, *others) in sorted(named.items())
        if path.startswith("/") and not others and shlex.quote(name) == name
    }
