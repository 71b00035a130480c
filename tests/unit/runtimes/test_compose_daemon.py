"""What is said of a Docker daemon that isn't there, and that nothing is left open by having asked."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.daemon import daemon


@pytest.mark.filterwarnings("error")
def test_a_daemon_that_is_not_there_is_named_and_leaves_no_socket_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(EnvironmentUnfitError, match=r"docker\.sock: No such file or directory"), daemon():
        pytest.fail("nobody is there")
    gc.collect()
