"""Everything restoreproof raises on purpose, and the exit code each one means.

RestoreproofError               4   the harness itself can't vouch
├── UsageError                  2   could not start
│   ├── ContractError           2   stack.yaml
│   │   └── InvalidContract     2   stack.yaml, every fault with its line
│   ├── FeatureError            2   a .feature file or a step phrase
│   │   └── SelectionError      2   -k or --features choose nothing
│   ├── ForeignSetError         2   the set belongs to another stack, or is unsafe to open
│   ├── IdentityError           2   no recovery identity, or it does not decrypt
│   └── PluginError             2   an entry point that can't be used
├── EnvironmentUnfitError       3   this machine prevented proof: namespaces, ports, disk
│   ├── ServiceFailedError      3   a service did not become ready, or died
│   ├── MarkerRefusedError      3   a foreign store does not show this drill's marker
│   └── ReviewRefused           3   the queues were not approved, so that workers stay held
├── LoginFailed                 4   caught by the check that logs in: its finding
├── FaultMissed                 4   a fault that found nothing to damage
├── StageOrderError             4   a stage was asked for out of order: a harness bug
└── EvidenceError               4   the evidence can't be trusted

These never leave a drill: each becomes the outcome of a stage or a check.

RestoreFailed                       an asset could not be brought back: the backup is at fault
ReferenceLost                       a provider can't restore what a set refers to
DatabaseError                       a restored database refused a login or a query, or did not answer
PartMissing                         an adopted set, or a target, never had what was asked for
NotPassed                           a step whose observation is no PASSED
├── CheckFailed                     the same, where it is FAILED
└── CheckNotVerified                the same, where it is NOT VERIFIED
StageNotReached                     a scenario whose stage failed, or whose earlier stage did

These are answers, caught by whoever asked: NotReady (`waiting`), OversizedFile (`bounded_file`),
AllureUnavailable (`views`), SequenceConflict (`ledger`), Unreproducible and Refused (`verifier`), Silent,
Gone, Unverified, Unmarked and MarkerRefused (`external`). Interrupted is a signal to the outer process.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The process exit codes of every command."""

    VERIFIED = 0
    FAILED = 1
    COULD_NOT_START = 2
    NOT_VERIFIED = 3
    NO_TRUSTWORTHY_EVIDENCE = 4


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file a person wrote; lines count from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class RestoreproofError(Exception):
    """A failure with a cause, a place and a next step.

    Args:
        message: what went wrong, in one sentence and without secrets.
        where: the file and line to look at, if there is one.
        hint: what to do next, if that is known.
    """

    exit_code: ExitCode = ExitCode.NO_TRUSTWORTHY_EVIDENCE

    def __init__(self, message: str, *, where: Location | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  next: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


class UsageError(RestoreproofError):
    """Raised where the command line, or what it names, can't be used."""

    exit_code = ExitCode.COULD_NOT_START


class ContractError(UsageError):
    """Raised where stack.yaml is not a contract."""


class FeatureError(UsageError):
    """Raised where a feature file says something that can't be asserted."""


class SelectionError(FeatureError):
    """A choice made by hand is not there, or chooses nothing: no drill was asked for, and none is refused."""


class ForeignSetError(UsageError):
    """Raised where the backup set is another stack's, or can't be opened safely."""


class IdentityError(UsageError):
    """Raised where the recovery identity is missing, or does not decrypt the secrets."""


class PluginError(UsageError):
    """Raised where an entry point or a stack's own module can't be imported, or its name is taken."""


class EnvironmentUnfitError(RestoreproofError):
    """Raised where the machine prevents proof; nothing is said about the backup."""

    exit_code = ExitCode.NOT_VERIFIED


class ServiceFailedError(EnvironmentUnfitError):
    """Raised where a service dies or never gets ready; the message carries its last log lines."""


class StageOrderError(RestoreproofError):
    """Raised where a stage is asked for out of the contract's order."""


class EvidenceError(RestoreproofError):
    """Raised where the evidence of a drill is incomplete or contradicts itself."""
