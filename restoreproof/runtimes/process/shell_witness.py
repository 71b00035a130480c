"""A shell that reports its command before it obeys: for services that start none of their own.

What a server runs of the operating system (PostgreSQL's ``COPY … PROGRAM``, ``system()`` in any library) goes
through ``/bin/sh``. In the sandbox of such a service another program lies over it; that one tells the inner
process, waits until it is journaled, and then becomes the shell. Restored code can't take back what was told.
"""

from __future__ import annotations

import secrets
import shlex
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from restoreproof.runtimes.process.sandbox import Mounts

_SHELL = Path("/bin/sh")
_REAL = Path("/.sh")
_LONGEST = 4000
_MANY = 20
_STAND_IN = """#!{python} -IS
import os, socket, sys
with socket.socket(socket.AF_UNIX) as witness:
    witness.connect("\\0{name}")
    witness.sendall("\\0".join(sys.argv[1:]).encode("utf-8", "surrogateescape")[:{longest}])
    witness.shutdown(socket.SHUT_WR)
    if witness.recv(1) != b"+":
        sys.exit(126)
os.execv("{real}", ["sh", *sys.argv[1:]])
"""


class ShellWitness:
    """Witness of every start of one service's shell.

    Args:
        path: where the program is written that lies over the shell.
        tell: gets the command of each start, the first of them; it is journaled when this returns.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path, self._tell = path, tell
        self._told: set[str] = set()
        name = f"restoreproof-shell-{secrets.token_hex(8)}"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(f"\0{name}")
        self._listener.listen()
        self._python = Path(sys.executable).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # of the service's earlier start, which nobody may write to
        path.write_text(
            _STAND_IN.format(python=self._python, name=name, longest=_LONGEST, real=_REAL), encoding="utf-8"
        )
        path.chmod(0o500)
        threading.Thread(target=self._listen, name="shell witness", daemon=True).start()

    @property
    def mounts(self) -> Mounts:
        """Mounts that lay the witness over the shell, and the shell itself at another place."""
        real = _SHELL.resolve()
        prefixes = {Path(sys.base_prefix), self._python.parent.parent}
        return Mounts(
            read=tuple(prefix for prefix in prefixes if not prefix.is_relative_to("/usr")),
            over=((real, _REAL), (self._path, real)),
        )

    def close(self) -> None:
        """Stop listening; a shell that is started from now on does nothing."""
        # shutdown wakes the thread that waits in accept; close alone would leave it there.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                started, _ = self._listener.accept()
            except OSError:
                return  # closed: the service is gone
            threading.Thread(target=self._take, args=(started,), daemon=True).start()

    def _take(self, started: socket.socket) -> None:
        with started, started.makefile("rb") as stream:
            words = stream.read(_LONGEST).decode(errors="replace").split("\0")
            command = shlex.join(["sh", *words])
            if command not in self._told and len(self._told) <= _MANY:
                self._told.add(command)
                self._tell(command if len(self._told) <= _MANY else "… and further commands")
            started.sendall(b"+")
