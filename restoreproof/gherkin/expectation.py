"""``expect``: an observation of a check of one's own, judged by the rule of every other."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Iterable, Sized
from types import FrameType
from typing import Any

from restoreproof.checks.base import Findings, conclude
from restoreproof.display import one_line
from restoreproof.outcome import Observation

_SHOWN = 200
"""Characters of one value in an observation."""


class Expect:
    """Records what a check saw, and stops it unless that is as it should be."""

    def __init__(self, observe: Callable[[Observation], None], title: str) -> None:
        self._observe = observe
        self._title = title

    def __call__(
        self,
        holds: bool,
        *,
        examined: int,
        total: int | None,
        expected: str = "",
        observed: str = "",
        findings: Iterable[object] = (),
        sample: str = "all",
        zero_is_right: bool = False,
    ) -> None:
        """Record one observation: that ``holds``, seen of ``examined`` things where there should be
        ``total``.

        Args:
            holds: the comparison itself, such as ``observed == wanted``.
            examined: how many rows, objects or answers were looked at.
            total: how many there should be, from the catalogue or the contract and never from the restored
                data; None if nothing says so, which is NOT VERIFIED.
            expected: what should be, in words; the title of the check if it is left out.
            observed: what was seen, in words; the comparison and its values if it is left out.
            findings: the things that are wrong; any of them is FAILED.
            sample: how the examined were chosen.
            zero_is_right: none may be examined, because there should be none.

        Raises:
            CheckFailed: it does not hold, something is wrong, or not all were examined.
            CheckNotVerified: nothing was examined, or nothing says how many there should be.
            TypeError: ``holds`` is no comparison.
        """
        if not isinstance(holds, bool):
            raise TypeError(f"expect() takes a comparison, True or False, and got {type(holds).__name__}")
        wrong = Findings()
        for finding in findings:
            wrong.add(str(finding))
        seen = observed or _comparison(sys._getframe(1))
        if not holds and not wrong.total:
            wrong.add(f"it does not hold: {seen}")
        self._observe(
            conclude(
                expected or self._title,
                seen or ("it holds" if holds else "it does not hold"),
                wrong,
                examined=examined,
                total=total,
                sample=sample,
                zero_is_right=zero_is_right,
            )
        )


def _comparison(frame: FrameType) -> str:
    """The first argument of the call under way in ``frame`` as it is written, and the values of its names."""
    argument = _first_argument(frame)
    if argument is None:
        return ""
    nodes = [node for node in ast.walk(argument) if isinstance(node, ast.Name)]
    names = dict.fromkeys(node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)))
    values = [f"{name} = {_shown(frame.f_locals[name])}" for name in names if name in frame.f_locals]
    return one_line("; ".join([ast.unparse(argument), *values]))


def _first_argument(frame: FrameType) -> ast.expr | None:
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return None
    lines = [line.encode() for line in linecache.getlines(frame.f_code.co_filename)[first - 1 : last]]
    if not lines:
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    try:
        call: Any = ast.parse(b"".join(lines).decode(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):  # the file changed since it was loaded
        return None
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def _shown(value: object) -> str:
    """A single value as it is; of many, which may be rows of people, only how many there are."""
    if isinstance(value, Sized) and not isinstance(value, str):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
