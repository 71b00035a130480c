"""What PostgreSQL and its tools say, without what a row holds: table, line and column are told instead.

A message quotes names of things, and values. Names stand after the word for what they name
(``relation "users"``); whatever else is quoted is left out, and so are the fields that repeat a row or a
statement (DETAIL, CONTEXT, QUERY, ``Command was``). See "Error and Notice Message Fields" in the PostgreSQL
manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto


class _State(Enum):
    """What a line without a beginning of its own goes on with."""

    PLAIN = auto()
    MESSAGE = auto()
    FIELD = auto()


HIDDEN = "…"
"""Stands for a value that was left out."""
RAISED = "a function raised it in words of its own"
"""Stands for a message that may hold anything."""

_LOGGED = r"(?:[\d-]+ [\d:.]+ \w+ \[\d+\] (?:\S*@\S* (?:[0-9A-Z]{5} )?)?)?"
"""How a server begins a line of its log: ``%m [%p] `` by default, ``%m [%p] %u@%d %e `` in a drill's own."""
_OWN_WORDS = re.compile(r"(?:^|^.*?[ :])(?:(?:WARNING|NOTICE|INFO): |P0001 (?:ERROR|FATAL|PANIC): )")
"""Ends where words begin that a function may have made up: P0001 is raise_exception (manual, Appendix A)."""
_HEAD = re.compile(
    rf"^{_LOGGED}"
    r"(?:(?:pg_\w+|psql|createdb|initdb|vacuumdb): |(?:DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC): )"
)
_FIELD = re.compile(
    rf"^{_LOGGED}"
    r"(?:(?:pg_\w+|psql): )?"
    r"(?:DETAIL|detail|HINT|hint|CONTEXT|QUERY|STATEMENT|LOCATION|LINE \d+|Command was|\[SQL|\[parameters): *"
)
_COPIED = re.compile(
    r"COPY (?P<table>[^,\n]{1,200}), line (?P<line>\d{1,20})"
    r"(?:, column (?P<column>[^:\n]{1,130}?))?(?=[:,\n]|$)"
)
_RAISED = re.compile(r"\bat RAISE\b")
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')
_NOUNS = (
    r"access method|aggregate|attribute|cast|class|collation|column|configuration|constraint"
    r"|conversion|database|device|dictionary|directory|domain|encoding|enum|extension|family|file|File"
    r"|function|group|host|index|key|language|large object|library|locale|locale name:?|method|object"
    r"|operator|option|parameter|parser|policy|port|procedure|program|provider|publication|relation"
    r"|role|routine|rule|schema|sequence|server|server at|subscription|table|tablespace|template"
    r"|transform|trigger|type|user|view|wrapper"
)
_NAMED = re.compile(rf"\b(?:{_NOUNS}) $")
"""What ends before a quotation that is the name of something."""


def without_values(text: str) -> str:
    """Return ``text``, which a server or a tool of it wrote, without the values of rows.

    Lines that begin like neither a message nor a field belong to what stands above them: after a field, or
    where a quotation is open, they are a value's, and left out with it.
    """
    messages: list[str] = []
    state = _State.PLAIN
    for line in text.splitlines():
        if field := _FIELD.match(line):
            state = _State.FIELD
            _add_place(messages, line[field.end() :])
        elif _HEAD.match(line):
            state = _State.MESSAGE
            messages.append(_masked(line))
        elif line.startswith("\t"):  # so a server's log goes on with a message of several lines
            _add_place(messages, line)
        elif not messages or state is _State.PLAIN:
            # No tool of PostgreSQL's, or libpq, which begins with the words themselves.
            state = _State.PLAIN if line.count('"') % 2 == 0 else _State.MESSAGE
            messages.append(_masked(line))
        else:
            _add_place(messages, line)
    return "\n".join(messages)


def shown_error(text: str) -> str:
    """Return what libpq says of an error, as ``without_values`` does; the statement's own line stays.

    For statements of the harness and of the contract, which hold no row.
    """
    lines = list(_statement_lines(text))
    return "\n".join([without_values(text), *lines])


def _statement_lines(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"LINE \d+: ", line):
            yield line
            if number + 1 < len(lines) and lines[number + 1].strip() == "^":
                yield lines[number + 1]
            return


def _add_place(messages: list[str], line: str) -> None:
    """Say behind the message which line of which table it is about, or that a function made its words up."""
    if not messages:
        return
    if _RAISED.search(line):
        head = _HEAD.match(messages[-1])
        level = re.match(r".*?(?:ERROR|WARNING|NOTICE|FATAL): +", messages[-1])
        start = level.end() if level else head.end() if head else 0
        messages[-1] = f"{messages[-1][:start]}{RAISED}"
    if (copied := _COPIED.match(line)) and "(COPY " not in messages[-1]:
        column = f", column {copied['column']}" if copied["column"] else ""
        messages[-1] = f"{messages[-1]} (COPY {copied['table']}, line {copied['line']}{column})"


def _masked(line: str) -> str:
    if own := _OWN_WORDS.match(line):
        return f"{line[: own.end()]} {RAISED}"
    return _QUOTED.sub(lambda match: match[0] if _names(line, match) else f'"{HIDDEN}"', line)


def _names(line: str, quoted: re.Match[str]) -> bool:
    """Return whether what is quoted is the name of something: the word before it says so."""
    before = line[max(0, quoted.start() - 40) : quoted.start()]
    return _NAMED.search(before) is not None
