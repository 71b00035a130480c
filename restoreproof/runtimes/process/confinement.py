"""How a service's process is kept to itself, and how all of it is found and ended.

``Sandbox`` is the rule. ``Bare`` is for where the kernel refuses namespaces, as in an unprivileged container:
the stack still runs on its loopback addresses, and nothing is proven of its isolation.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import psutil

from restoreproof.runtimes.host.processes import BELONGS_TO, bare_argv, kill_family, payload
from restoreproof.runtimes.process import bare_python
from restoreproof.runtimes.process.sandbox import Etc, Mounts, service_argv


class Confinement(ABC):
    """Confinement of every process of a service or tool.

    ``lays_over`` says whether a directory can be laid over another one, as ``Mounts.onto`` asks.
    """

    lays_over: ClassVar[bool] = True

    def __init__(self, etc: Etc, addresses: Mapping[str, str]) -> None:
        self.etc = etc
        self._addresses = dict(addresses)

    @abstractmethod
    def command(self, name: str, argv: Sequence[str], *, mounts: Mounts, cwd: Path) -> list[str]:
        """Return the command line that runs ``argv`` confined, for ``name``, in ``cwd``."""

    @abstractmethod
    def service(self, process: subprocess.Popen[bytes]) -> psutil.Process | None:
        """Return the service itself, of what ``command`` started; None while or after it is not there."""

    @abstractmethod
    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill everything that ``process`` started. Raises psutil.NoSuchProcess if it is gone."""

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return ``environment`` as the process gets it."""
        return dict(environment)

    def in_file(self, text: str) -> str:
        """Return a configuration of names as the process can read it."""
        return text

    def started_at(self, process: subprocess.Popen[bytes]) -> datetime | None:
        """Return when the kernel started the service; None if it has ended.

        psutil's create_time is only as exact as the boot time, which the kernel gives in whole seconds.
        """
        service = self.service(process)
        if service is None:
            return None
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The command may hold spaces and parentheses; field 22 of proc_pid_stat(5) is the 20th after it.
            fields = Path(f"/proc/{service.pid}/stat").read_text().rpartition(")")[2].split()
            age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
            return datetime.now(UTC) - timedelta(seconds=age)
        return None

    def bring_down(
        self, process: subprocess.Popen[bytes], *, sign: signal.Signals | None, grace_s: float
    ) -> int:
        """Ask the service to end (``sign``), wait ``grace_s``, then kill it and whatever it started.

        Returns:
            The return code of what ``command`` started, once nothing of it is left.
        """
        # Gone already (suppressed) is the aim of all this.
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
            service = self.service(process)
            if sign is not None and service is not None:
                service.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(grace_s)
            if process.poll() is None:
                self.kill(process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.kill()
            psutil.wait_procs(family, timeout=10)
        return process.wait()


class Sandbox(Confinement):
    """A sandbox nested in the drill's: see ``sandbox.service_argv``."""

    def command(self, name: str, argv: Sequence[str], *, mounts: Mounts, cwd: Path) -> list[str]:
        return service_argv(name, argv, mounts=mounts, etc=self.etc, cwd=cwd)

    def service(self, process: subprocess.Popen[bytes]) -> psutil.Process | None:
        return payload(process)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        # The first child is init of the sandbox's pid namespace: the kernel kills the rest with it.
        for init in psutil.Process(process.pid).children():
            init.kill()


class Bare(Confinement):
    """A plain process that dies with its parent and gains no privileges; it may see whatever its user may.

    Nothing is laid over ``/etc/hosts``, so names reach a process as addresses: in URLs without TLS, in the
    files of a service that asks for it, and through ``bare_python`` for Python. Where a certificate is
    compared with the name, the name stays.
    """

    lays_over = False
    _NAMED: ClassVar[str] = r"(?<![\w.-])(?:{names})(?=:\d)"
    _URL: ClassVar[str] = r"(?P<before>^(?!https:)\w[\w:+]*://(?:[^/@\s]*@)?)(?P<name>{names})(?=[:/]|$)"

    def __init__(self, etc: Etc, addresses: Mapping[str, str]) -> None:
        super().__init__(etc, addresses)
        names = "|".join(re.escape(name) for name in sorted(addresses, key=len, reverse=True)) or r"(?!)"
        self._in_file = re.compile(self._NAMED.format(names=names))
        self._in_url = re.compile(self._URL.format(names=names))

    def command(self, name: str, argv: Sequence[str], *, mounts: Mounts, cwd: Path) -> list[str]:
        return bare_argv(argv, cwd)

    def service(self, process: subprocess.Popen[bytes]) -> psutil.Process | None:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(process.pid)
        return None

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        kill_family(process.pid)

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        resolved = {
            name: self._in_url.sub(lambda match: match["before"] + self._addresses[match["name"]], value)
            for name, value in environment.items()
        }
        drill = {name: value for name, value in os.environ.items() if name in (BELONGS_TO, "TMPDIR")}
        if scratch := drill.get("TMPDIR"):
            # Java does not heed it, and leaves figures of itself in /tmp.
            drill["JDK_JAVA_OPTIONS"] = f"-Djava.io.tmpdir={scratch} -XX:-UsePerfData"
        return {**resolved, **bare_python.environment(resolved, self.etc.directory / "hosts"), **drill}

    def in_file(self, text: str) -> str:
        return self._in_file.sub(lambda match: self._addresses[match[0]], text)
