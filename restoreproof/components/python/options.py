"""What a Python service takes in a contract."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from restoreproof.components.base import ComponentOptions
from restoreproof.contract.declarations import VariableName


class ReadyTls(BaseModel, frozen=True, extra="forbid"):
    """Names of variables that hold base64 of PEM: a CA, and a client's certificate and key."""

    ca: VariableName
    certificate: VariableName | None = None
    key: VariableName | None = None


class Ready(BaseModel, frozen=True, extra="forbid"):
    """Sign of readiness: a ``path`` that answers 200 (over ``tls``, if given), or a text in the ``log``."""

    path: str | None = None
    tls: ReadyTls | None = None
    log: str | None = None


class PythonOptions(ComponentOptions):
    """Keys of a Python service: ``venv``, relative to the contract, and arguments of its interpreter."""

    venv: Path
    run: tuple[str, ...] = Field(min_length=1)
    ready: Ready | None = None
    one_shot: bool = False
    deadline_s: float = 40.0


OPTIONS = PythonOptions
