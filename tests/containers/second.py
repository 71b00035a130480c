"""A Docker daemon of a test's own, in a network of its own: it may be stopped, and disturbs nobody."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from restoreproof.waiting import NotReady, wait_until

_UP_S = 60.0


def refused_here() -> str | None:
    """Why no daemon can be started here, if so."""
    if os.geteuid() != 0:
        return "a Docker daemon of the test's own takes root to start"
    if lacking := [name for name in ("dockerd", "ip", "unshare", "nsenter") if shutil.which(name) is None]:
        return f"no {', '.join(lacking)} here, which a Docker daemon of the test's own takes"
    return None


class SecondDaemon:
    """``dockerd`` below ``directory``; what is to reach its containers runs in its network by ``inside``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "docker.sock"
        self.data = directory / "data"
        self._network = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
            stdout=subprocess.PIPE,
        )
        assert self._network.stdout is not None
        assert self._network.stdout.readline() == b"up\n"
        self._log = (directory / "dockerd.log").open("ab")
        self._dockerd: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self.socket}"

    def inside(self, argv: Sequence[str]) -> list[str]:
        """``argv``, in the daemon's network: its bridges are nobody else's."""
        return ["nsenter", "--target", str(self._network.pid), "--net", "--", *argv]

    def start(self) -> None:
        """Start it and return once it answers."""
        places = [f"--data-root={self.data}", f"--exec-root={self.directory / 'exec'}"]
        own = [f"--host={self.host}", f"--pidfile={self.directory / 'dockerd.pid'}", *places]
        self._dockerd = subprocess.Popen(self.inside(["dockerd", *own]), stdout=self._log, stderr=self._log)

        def answers() -> None:
            asked = subprocess.run(["docker", "--host", self.host, "info"], capture_output=True, check=False)
            if asked.returncode:
                raise NotReady(asked.stderr.decode().strip())

        wait_until(
            answers,
            what="the second daemon answers",
            deadline_s=_UP_S,
            gave_up=lambda: "it ended" if self._dockerd and self._dockerd.poll() is not None else None,
            context=lambda: (self.directory / "dockerd.log").read_text()[-2000:],
            retry_on=(NotReady,),
        )

    def stop(self) -> None:
        """End it in an orderly way, as an administrator would; its containers end with it."""
        assert self._dockerd is not None
        self._dockerd.send_signal(signal.SIGTERM)
        self._dockerd.wait(120)
        self._dockerd = None

    def load(self, images: Sequence[str]) -> None:
        """Copy ``images`` from this machine's daemon."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.host, "load", "--quiet"],
                stdin=saved.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        assert saved.returncode == 0

    def close(self) -> None:
        """End it and its network, whatever state they are in."""
        if self._dockerd is not None:
            for one in psutil.Process(self._dockerd.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            self._dockerd.kill()
            self._dockerd.wait()
        self._network.kill()
        self._network.communicate()
        self._log.close()


@contextmanager
def second_daemon(directory: Path) -> Iterator[SecondDaemon]:
    """A running one below ``directory``, which has to be on a disk; nothing of it is there afterwards."""
    directory.mkdir(parents=True)
    daemon = SecondDaemon(directory)
    try:
        daemon.start()
        yield daemon
        daemon.stop()
    finally:
        daemon.close()
        shutil.rmtree(directory, ignore_errors=True)
