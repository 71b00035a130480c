"""The two sandboxes as bubblewrap command lines: what is in them is listed, everything else is absent.

Nothing secret may stand in these arguments: any process of the same user reads a command line. Environment
reaches a sandbox only as the environment of the process that is started.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from restoreproof.runtimes.host.packages import bwrap

SANDBOX_ID = 1000
"""The uid and gid inside; the kernel maps them to the ordinary user outside."""

_MERGED = ("bin", "sbin", "lib", "lib64", "lib32")
# Debian resolves some commands through /etc/alternatives; the loader's cache saves a search.
# Clients refuse to be built without the public CA certificates, also those that never leave the sandbox.
_SYSTEM_ETC = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust",
)


@dataclass(frozen=True, slots=True)
class Mounts:
    """Paths that a sandbox sees beside the system's programs.

    ``read`` and ``write`` appear at their own path; ``onto`` are writable (source, destination) pairs laid
    over a path of ``read``, ``over`` are (source, destination) pairs that only read, over anything.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    onto: tuple[tuple[Path, Path], ...] = ()
    over: tuple[tuple[Path, Path], ...] = ()

    def plus(self, other: Mounts) -> Mounts:
        """Return the mounts of both together."""
        return Mounts(
            self.read + other.read,
            self.write + other.write,
            self.onto + other.onto,
            self.over + other.over,
        )


NO_MOUNTS = Mounts()


@dataclass(frozen=True, slots=True)
class Etc:
    """The generated files of a sandbox's ``/etc``: one directory, bound file by file."""

    directory: Path
    files: tuple[str, ...] = field(default=("hosts", "passwd", "group", "nsswitch.conf"))

    @staticmethod
    def write(directory: Path, hosts: str) -> Etc:
        """Write the files below ``directory``."""
        directory.mkdir(parents=True, exist_ok=True)
        etc = Etc(directory)
        contents = {
            "hosts": hosts,
            "passwd": f"drill:x:{SANDBOX_ID}:{SANDBOX_ID}:drill:/tmp:/bin/sh\n",
            "group": f"drill:x:{SANDBOX_ID}:\n",
            # Names come from the hosts file alone: there is no resolver to ask, and none should be awaited.
            "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        }
        for name in etc.files:
            (directory / name).write_text(contents[name])
        return etc

    def arguments(self) -> list[str]:
        """Return bubblewrap's options that bind these files."""
        binds = ((str(self.directory / name), f"/etc/{name}") for name in self.files)
        return [part for source, destination in binds for part in ("--ro-bind", source, destination)]


def service_argv(name: str, argv: Sequence[str], *, mounts: Mounts, etc: Etc, cwd: Path) -> list[str]:
    """Return ``argv`` in the sandbox of one service: the drill's network, nothing else of the drill.

    It sees its own processes, a private ``/tmp`` and the mounts; it has no capabilities and can't make
    further user namespaces.
    """
    options = ["--unshare-user", "--disable-userns", *_alone(name)]
    return [bwrap(), *options, *_filesystem(mounts, etc), "--chdir", str(cwd), "--", *argv]


def drill_argv(argv: Sequence[str], *, mounts: Mounts, etc: Etc, cwd: Path) -> list[str]:
    """Return ``argv`` in the drill sandbox: as a service's, with its own network that leads nowhere."""
    # Services nest user namespaces in this one, so it must leave them enabled.
    options = ["--unshare-user", "--unshare-net", *_alone("drill")]
    return [bwrap(), *options, *_filesystem(mounts, etc), "--chdir", str(cwd), "--", *argv]


def reader_argv(*programs: Path) -> list[str]:
    """Return what a command begins with that only reads its standard input: no network, nothing but programs.

    ``programs`` are directories that it needs beside the system's.
    """
    options = ["--unshare-user", "--disable-userns", "--unshare-net", *_alone("reader")]
    options += ["--tmpfs", "/tmp", *_system(), "--proc", "/proc", "--dev", "/dev"]
    for path in programs:
        options += ["--ro-bind", str(path), str(path)]
    return [bwrap(), *options, "--remount-ro", "/", "--chdir", "/", "--"]


def _alone(hostname: str) -> list[str]:
    identity = [
        "--uid",
        str(SANDBOX_ID),
        "--gid",
        str(SANDBOX_ID),
        "--hostname",
        hostname,
        "--cap-drop",
        "ALL",
    ]
    namespaces = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    return [*namespaces, *identity, "--die-with-parent", "--new-session"]


def _filesystem(mounts: Mounts, etc: Etc) -> list[str]:
    # Order matters: a later mount hides an earlier one, so /tmp comes before what is bound below it.
    options = ["--tmpfs", "/tmp", *_system(), *etc.arguments(), "--proc", "/proc", "--dev", "/dev"]
    for path in _outermost_first(mounts.read):
        options += ["--ro-bind", str(path), str(path)]
    for path in _outermost_first(mounts.write):
        options += ["--bind", str(path), str(path)]
    for source, destination in mounts.onto:
        options += ["--bind", str(source), str(destination)]
    for source, destination in mounts.over:
        options += ["--ro-bind", str(source), str(destination)]
    # The root itself is a tmpfs of the sandbox; nobody has any business there.
    return [*options, "--remount-ro", "/"]


def _system() -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for name in _MERGED:
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    for name in _SYSTEM_ETC:
        options += ["--ro-bind-try", name, name]
    return options


def _outermost_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(set(paths), key=lambda path: len(path.parts))
