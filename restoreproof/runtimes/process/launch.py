"""Starting the inner process of a drill in the drill sandbox."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from restoreproof.contract.services import Service
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.host.interpreter import harness_read, python_read
from restoreproof.runtimes.host.packages import bwrap
from restoreproof.runtimes.process.addresses import hosts
from restoreproof.runtimes.process.sandbox import Etc, Mounts, drill_argv

_UBUNTU = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_DEBIAN = Path("/proc/sys/kernel/unprivileged_userns_clone")
_LIMIT = Path("/proc/sys/user/max_user_namespaces")
_TRIAL = ("--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--unshare-net")


class SandboxProcess(subprocess.Popen[bytes]):
    """The sandbox's monitor as a process of this one."""

    def kill(self) -> None:
        """Kill everything in the sandbox and return once it is gone.

        The monitor alone would be gone at once and what it watched only a moment later.
        """
        with contextlib.suppress(psutil.NoSuchProcess):
            monitor = psutil.Process(self.pid)
            family = monitor.children(recursive=True)
            for init in monitor.children():
                init.kill()
            psutil.wait_procs(family, timeout=10)
        super().kill()


class DrillSandbox:
    """The sandbox that one drill happens in: a network without a way out, and nothing that is not listed.

    Args:
        workdir: the drill's directory; writable, and the working directory inside.
        read: further paths that are readable inside, at the same path; this interpreter and its packages are.
        write: further paths that are writable inside.
        services: the contract's services; their names resolve inside.

    Raises:
        EnvironmentUnfitError: a path to bind does not exist.
    """

    def __init__(
        self,
        workdir: Path,
        *,
        read: Sequence[Path] = (),
        write: Sequence[Path] = (),
        services: Mapping[str, Service],
    ) -> None:
        self._workdir = workdir.resolve()
        self._mounts = Mounts(
            read=tuple(_existing((*harness_read(), *read, *_interpreters(read)))),
            write=tuple(_existing((self._workdir, *write))),
        )
        self._etc = Etc.write(self._workdir / "sandbox-etc", hosts(services))

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> SandboxProcess:
        """Start ``argv`` inside, with exactly ``environment`` (and a PATH) and the descriptors ``pass_fds``.

        The sandbox dies when the calling thread ends, or this process, even by ``kill -9``: call it from the
        main thread.

        Raises:
            EnvironmentUnfitError: the kernel refuses namespaces, or this is uid 0.
        """
        if os.geteuid() == 0:
            raise EnvironmentUnfitError(
                "nothing of a drill runs as uid 0",
                hint="privileges.as_ordinary_user comes first; a uid mapped from 0 still reads root's files",
            )
        if reason := namespaces_available():
            raise EnvironmentUnfitError(f"no sandbox can be made here: {reason}", hint=NAMESPACES_HINT)
        sandboxed = drill_argv(argv, mounts=self._mounts, etc=self._etc, cwd=self._workdir)
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self._workdir)}
        return SandboxProcess(
            sandboxed,
            env={**variables, **environment},
            pass_fds=tuple(pass_fds),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )


NAMESPACES_HINT = "`restoreproof doctor` says what to change; the README has it under Prerequisites"


@functools.cache
def namespaces_available() -> str | None:
    """Return why this machine refuses the sandbox's namespaces, or None if it grants them (by trying)."""
    trial = [
        bwrap(),
        *_TRIAL,
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
        "true",
    ]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode == 0:
        return None
    stderr = done.stderr.strip()[:300] or f"exit {done.returncode}"
    return f"{_known_reason() or 'the kernel refuses namespaces'} ({stderr})"


def _known_reason() -> str | None:
    if _value(_UBUNTU) == "1":
        return (
            "AppArmor restricts user namespaces, as on Ubuntu 24.04: "
            "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor profile for bwrap"
        )
    if _value(_DEBIAN) == "0":
        return "user namespaces are off: `sudo sysctl kernel.unprivileged_userns_clone=1`"
    if _value(_LIMIT) == "0":
        return "user namespaces are off: `sudo sysctl user.max_user_namespaces=15000`"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "this is a container without the right to make namespaces: run the drill on a host or VM"
    return None


def _value(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None


def _interpreters(paths: Sequence[Path]) -> list[Path]:
    """Return what the virtual environments among ``paths`` need beside themselves."""
    return [needed for path in paths if (path / "pyvenv.cfg").is_file() for needed in python_read(path)]


def _existing(paths: Sequence[Path]) -> list[Path]:
    """Return every path as it is written and as it resolves, so that links work inside too."""
    for path in paths:
        if not path.exists():
            raise EnvironmentUnfitError(f"{path} does not exist, and the sandbox has to contain it")
    absolute = [path.absolute() for path in paths]
    return list(dict.fromkeys([*absolute, *(path.resolve() for path in absolute)]))
