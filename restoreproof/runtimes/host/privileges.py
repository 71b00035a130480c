"""Under root: become an ordinary user before anything of a drill runs.

A user namespace would not do: a uid that is mapped from 0 still reads root's files. So real root makes a
mount and pid namespace, hides in it what is private to root and to other people, and ``drop`` gives up uid,
gids and capabilities for good.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

import restoreproof
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError
from restoreproof.runtimes.host import exit_relay
from restoreproof.runtimes.host.interpreter import harness_read
from restoreproof.runtimes.host.packages import bwrap
from restoreproof.runtimes.host.processes import payload

NOBODY_IN_PARTICULAR = 61999
"""The uid and gid where no ``sudo`` says who called; above what distributions give to people and services."""

_NAMESPACE = ("--dev-bind", "/", "/", "--unshare-pid")
_HIDDEN = (Path("/root"), Path("/home"))


def as_ordinary_user(argv: Sequence[str], writable: Sequence[Path], readable: Sequence[Path] = ()) -> int:
    """Run ``argv`` as an ordinary user to its end, and return its exit code.

    The user is the one who called ``sudo``, else uid 61999. SIGINT and SIGTERM reach ``argv``; if this
    process is killed, everything below it dies. ``/root`` and ``/home`` are empty but for the paths given
    here, this interpreter and this package; where the kernel refuses even root a namespace, they are as they
    were, and only the user changes.

    Args:
        argv: the command; its environment is ours, with HOME in ``writable[0]``.
        writable: directories that it may write; made if missing, and given to that user.
        readable: further paths below ``/root``, ``/home`` or another private directory, bound back read-only.

    Raises:
        EnvironmentUnfitError: this is not root, or that user may not read or reach one of the paths.
    """
    if os.geteuid() != 0:
        raise EnvironmentUnfitError("only root can become another user")
    hidden = _granted(_NAMESPACE)
    uid, gid = _user(listed=not hidden)
    writable = [path.absolute() for path in writable]
    package = Path(restoreproof.__file__).resolve().parent
    shown = [*harness_read(), package, *(path.absolute() for path in readable)]
    _refuse_unreadable(shown, uid, gid)
    if not hidden:
        _refuse_unreachable((*shown, *writable), uid, gid)
    home = writable[0] / "home"
    for path in (*writable, home):
        path.mkdir(parents=True, exist_ok=True)
        _give(path, uid, gid)
    process = subprocess.Popen(
        [*(_confined(shown, writable, uid, gid) if hidden else _plainly(uid, gid)), *argv],
        env=_environment(os.environ, home, writable),
        # Ctrl-C would kill bubblewrap itself and with it the drill, before it could clean up: we pass it on.
        process_group=0,
    )
    with _passing_on(process, payload if hidden else _itself):
        return process.wait()


def the_same_as_ordinary_user(
    module: str, arguments: Sequence[str], writable: Sequence[Path], readable: Sequence[Path] = ()
) -> int:
    """Run ``python -m module arguments`` by ``as_ordinary_user``; return its exit code.

    Raises:
        EnvironmentUnfitError: see there.
        RestoreproofError: it never got so far as to end with one of our exit codes, or was killed.
    """
    argv = [sys.executable, "-m", exit_relay.__name__, module, *arguments]
    code = as_ordinary_user(argv, writable, readable)
    ended = exit_relay.answered(code)
    if ended is None:
        raise RestoreproofError(
            f"as an ordinary user the command did not end properly ({code}); nothing is said of the backup",
            hint="what was printed last says why; something may be out of its reach, or it was killed",
        )
    return ended


def _namespace(shown: Sequence[Path], writable: Sequence[Path]) -> list[str]:
    hidden = {*_HIDDEN, *(private for path in (*shown, *writable) if (private := _private_ancestor(path)))}
    options = ["--dev-bind", "/", "/", "--unshare-pid", "--die-with-parent"]
    for path in sorted(hidden):
        options += ["--tmpfs", str(path)]
    for kind, paths in (("--ro-bind", shown), ("--bind", writable)):
        for path in sorted(set(paths), key=lambda path: len(path.parts)):
            if under := hidden.intersection(path.parents):
                options += [*_passable(path, min(under)), kind, str(path), str(path)]
    cwd = Path.cwd()
    above = {cwd, *cwd.parents}
    visible = above.isdisjoint(hidden) or not above.isdisjoint((*shown, *writable))
    return [bwrap(), *options, "--chdir", str(cwd if visible else writable[0])]


def _granted(options: Sequence[str]) -> bool:
    """Return whether the kernel lets root make such a namespace, by trying."""
    trial = [bwrap(), *options, "--", "true"]
    return subprocess.run(trial, capture_output=True, timeout=30, check=False).returncode == 0


def _user(*, listed: bool) -> tuple[int, int]:
    """Return the uid and gid to become: the caller's of ``sudo``, else ones that nobody has.

    PostgreSQL refuses a uid that the system does not know, so where no sandbox can make it ``known``,
    it is the system's own nobody.
    """
    called = (int(os.environ.get("SUDO_UID") or 0), int(os.environ.get("SUDO_GID") or 0))
    if all(called):
        return called
    if listed:
        account = pwd.getpwnam("nobody")
        return account.pw_uid, account.pw_gid
    return NOBODY_IN_PARTICULAR, NOBODY_IN_PARTICULAR


def _confined(shown: Sequence[Path], writable: Sequence[Path], uid: int, gid: int) -> list[str]:
    return [*_namespace(shown, writable), "--", *_dropping(uid, gid)]


def _plainly(uid: int, gid: int) -> list[str]:
    """Return what runs a command as another user: what is private to root is kept by its modes alone."""
    user = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    return ["setpriv", *user, "--no-new-privs", "--pdeathsig", "KILL", "--"]


def _itself(process: subprocess.Popen[bytes]) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid)
    return None


def _refuse_unreadable(paths: Sequence[Path], uid: int, gid: int) -> None:
    for path in paths:
        if not _may(path, uid, gid, _READ | _ENTER if path.is_dir() else _READ):
            raise EnvironmentUnfitError(
                f"{path} is readable for root alone, and no drill runs as root",
                hint=f"`chmod -R o+rX {path}`, or work in a checkout made with umask 022",
            )


def _refuse_unreachable(paths: Sequence[Path], uid: int, gid: int) -> None:
    """Raise unless that user may enter every directory above ``paths``, where nothing is bound back."""
    for path in paths:
        above = {*path.parents, *path.resolve().parents}
        for ancestor in sorted(above, key=lambda directory: len(directory.parts)):
            if ancestor.exists() and not _may(ancestor, uid, gid, _ENTER):
                raise EnvironmentUnfitError(
                    f"{path} is out of reach: only the owner may enter {ancestor}, and no drill runs as root",
                    hint=f"`chmod o+x {ancestor}`, or have it below a directory that everybody may enter",
                )


_READ, _ENTER = 0o4, 0o1


def _may(path: Path, uid: int, gid: int, wanted: int) -> bool:
    status = path.stat()
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    return status.st_mode >> shift & wanted == wanted


def _passable(path: Path, hidden: Path) -> list[str]:
    """Return the options that make the directories from ``hidden`` down to ``path`` open to all."""
    between = [parent for parent in reversed(path.parents) if hidden in parent.parents]
    return [part for parent in between for part in ("--perms", "0755", "--dir", str(parent))]


def _private_ancestor(path: Path) -> Path | None:
    """Return the outermost directory above ``path`` that others may not enter; None if there is none."""
    for ancestor in reversed(path.parents):
        if ancestor.exists() and not ancestor.stat().st_mode & 0o001:
            return ancestor
    return None


def _dropping(uid: int, gid: int) -> list[str]:
    return [sys.executable, "-m", "restoreproof.runtimes.host.drop_privileges", str(uid), str(gid)]


def _environment(ours: Mapping[str, str], home: Path, writable: Sequence[Path]) -> dict[str, str]:
    package_root = str(Path(restoreproof.__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [package_root, ours.get("PYTHONPATH")]))
    theirs = {name: value for name, value in ours.items() if not name.startswith(("XDG_", "SUDO_"))}
    login = ours.get("SUDO_USER") or ours.get("USER") or "root"
    theirs = {"RESTOREPROOF_LOGIN": login, **theirs}
    theirs |= {"HOME": str(home), "USER": "restoreproof", "LOGNAME": "restoreproof", "PYTHONPATH": path}
    # What is built once into root's cache is used again, if the cache was given.
    cache = Path(ours.get("XDG_CACHE_HOME") or Path(ours.get("HOME", "/root"), ".cache"))
    if any(cache in (directory, *directory.parents) for directory in writable):
        theirs["XDG_CACHE_HOME"] = str(cache)
    return theirs


def ordinary_user() -> tuple[int, int] | None:
    """Return the uid and gid that a drill under root steps down to; None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    return _user(listed=not _granted(_NAMESPACE))


def hand_over(path: Path) -> None:
    """Give ``path``, made just now under root, to the user that a drill steps down to; else do nothing."""
    if ids := ordinary_user():
        _give(path, *ids)


def _give(path: Path, uid: int, gid: int) -> None:
    """Give ``path`` and what root has left in it to ``uid``; links are not followed, hard links not given."""
    os.chown(path, uid, gid, follow_symlinks=False)
    for directory, names, files in os.walk(path):
        for entry in (Path(directory, name) for name in (*names, *files)):
            status = entry.lstat()
            # A second name may lie outside the directory: giving it away would give that one too.
            if status.st_uid == 0 and (entry.is_dir() or status.st_nlink == 1):
                os.chown(entry, uid, gid, follow_symlinks=False)


@contextmanager
def _passing_on(
    process: subprocess.Popen[bytes], command_of: Callable[[subprocess.Popen[bytes]], psutil.Process | None]
) -> Iterator[None]:
    def pass_on(number: int, _: FrameType | None) -> None:
        command = command_of(process)
        if command is None:
            process.kill()
            return
        try:
            command.send_signal(number)
        except psutil.NoSuchProcess:
            return  # it ended at the same moment

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if process.poll() is None:
            process.kill()
            process.wait()
