"""Make one file of this package's modules, for a machine that has only Python and openssl."""

from __future__ import annotations

import ast
from pathlib import Path

NAME = "verify_evidence.py"
_MODULES = (
    "formats", "answers", "files", "sealed", "history", "chain", "approval", "examination", "options",
    "standalone",
)  # fmt: skip
_HEAD = '''#!/usr/bin/env python3
"""Check the evidence of a restore drill: `python3 verify_evidence.py DIRECTORY --key drill.pub`.

It needs Python 3.11, its standard library alone, and the openssl program. restoreproof wrote it beside the
evidence; take it from a place that you trust, or compare it with one, before you believe what it says.
"""

'''
_TAIL = """

if __name__ == "__main__":
    sys.exit(main())
"""


class Outside:
    """Imports of the modules from the standard library."""

    def __init__(self) -> None:
        self._modules: set[str] = set()
        self._names: dict[str, set[str]] = {}

    def take(self, node: ast.Import | ast.ImportFrom) -> None:
        """Add an import."""
        names = {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            self._names.setdefault(str(node.module), set()).update(names)
        else:
            self._modules |= names

    def lines(self) -> list[str]:
        """Return the imports as lines of source."""
        named = (f"from {module} import {', '.join(sorted(names))}" for module, names in self._names.items())
        return [*(f"import {module}" for module in sorted(self._modules)), *sorted(named)]


def assembled() -> str:
    """Return the source text of the single file: the modules one after the other, their imports gathered."""
    outside = Outside()
    bodies: list[str] = []
    for name in _MODULES:
        source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        bodies.append(_body(source, outside))
    imports = "\n".join(["from __future__ import annotations", "", *outside.lines()])
    return "\n\n\n".join([_HEAD + imports, *bodies]) + "\n" + _TAIL


def _body(source: str, outside: Outside) -> str:
    """``source`` without its imports, which go to ``outside`` unless they are of this package."""
    tree, lines = ast.parse(source), source.splitlines()
    docstring, *rest = tree.body
    doc = ast.get_docstring(tree)
    dropped = set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    for node in rest:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        dropped.update(range(node.lineno, (node.end_lineno or 0) + 1))
        module = getattr(node, "module", None) or ""
        if not module.startswith((__package__, "__future__")):
            outside.take(node)
    kept = [line for number, line in enumerate(lines, 1) if number not in dropped]
    return f"# {doc}\n\n" + "\n".join(kept).strip("\n")


def write_beside(directory: Path) -> Path:
    """Write the verifier into the parent of ``directory``, replacing an older one in one step."""
    path = directory.parent / NAME
    fresh = directory.parent / f".{NAME}-{directory.name}"
    fresh.write_text(assembled(), encoding="utf-8")
    fresh.replace(path)
    return path
