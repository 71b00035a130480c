"""The events of a drill: one frozen model for each type, and the one union of them all.

Emitters take an event, readers match on its class. An event is checked once, where the outer process
accepts a line from the inner one: its type, its fields, and its bounds for text that may come from a backup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from restoreproof.events.base import INNER, OUTER, Emitter, Event, Excess, InnerEvent, OuterEvent, cut
from restoreproof.events.outer import (
    BuildFacts,
    ClockFacts,
    ControlProbed,
    CustodyFacts,
    DrillClosed,
    DrillInterrupted,
    DrillOpened,
    EncryptionFacts,
    FaultFacts,
    HostFacts,
    InnerExited,
    InnerLaunched,
    InputChanged,
    IsolationVerdict,
    LogFile,
    LogsKept,
    OuterNote,
    PlanChangeFacts,
    PlanCompared,
    ReissueFacts,
    SetContradicted,
    SetFile,
    SetReference,
    SetVerified,
    SourceState,
    TeardownDone,
    ViewReduced,
)
from restoreproof.events.restore import (
    AT_THE_END,
    BEFORE_APPROVAL,
    CommandRun,
    CountedWhen,
    EffectsCounted,
    FaultInjected,
    FidelityCompared,
    ForbiddenScanned,
    IsolationProbed,
    LibraryReplaced,
    MarkerProven,
    Measured,
    Note,
    Overridden,
    PhaseTimed,
    ProgramRun,
    ReviewApproved,
    ScanHit,
    SecretKnown,
    ServiceLogged,
    ServiceReady,
    ServiceStarted,
    ServiceStopped,
    StageDone,
    StageEntered,
    StageFailed,
)
from restoreproof.events.scenario import (
    AllureAttachment,
    AllureResult,
    Asked,
    Collected,
    Observed,
    ScenarioFinished,
    ScenarioStarted,
    ScenarioStatus,
    StepOutcome,
    StepRun,
)

AnyOuterEvent = (
    DrillOpened
    | SetVerified
    | SetContradicted
    | SourceState
    | ControlProbed
    | IsolationVerdict
    | InnerLaunched
    | InnerExited
    | InputChanged
    | TeardownDone
    | OuterNote
    | PlanCompared
    | LogsKept
    | ViewReduced
    | DrillInterrupted
    | DrillClosed
)
AnyInnerEvent = (
    IsolationProbed
    | MarkerProven
    | SecretKnown
    | StageEntered
    | StageDone
    | StageFailed
    | PhaseTimed
    | ServiceStarted
    | ServiceReady
    | ServiceStopped
    | ServiceLogged
    | CommandRun
    | ProgramRun
    | Overridden
    | FidelityCompared
    | Measured
    | ForbiddenScanned
    | EffectsCounted
    | ReviewApproved
    | Note
    | FaultInjected
    | LibraryReplaced
    | Collected
    | ScenarioStarted
    | StepRun
    | Asked
    | Observed
    | ScenarioFinished
    | AllureResult
    | AllureAttachment
)
AnyEvent = Annotated[AnyOuterEvent | AnyInnerEvent, Field(discriminator="type")]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(AnyEvent)
EVENTS: Mapping[str, type[Event]] = {
    event.model_fields["type"].default: event for event in get_args(AnyOuterEvent | AnyInnerEvent)
}
"""The class of each type of event."""


def event_of(type: str, data: Mapping[str, Any], excess: Excess, *, foreign: bool = False) -> Event:
    """Return the event that ``data`` are the fields of.

    Args:
        type: its name in the journal.
        excess: what becomes of text and lists over their bounds.
        foreign: whether fields that the type does not have are passed over, as in an older journal.

    Raises:
        pydantic.ValidationError: there is no such type, or these are not the fields of one.
    """
    fields = {**data, "type": type}
    return _ADAPTER.validate_python(fields, context=excess, extra="ignore" if foreign else "forbid")


__all__ = [
    "AT_THE_END",
    "BEFORE_APPROVAL",
    "EVENTS",
    "INNER",
    "OUTER",
    "AllureAttachment",
    "AllureResult",
    "AnyEvent",
    "Asked",
    "BuildFacts",
    "ClockFacts",
    "Collected",
    "CommandRun",
    "ControlProbed",
    "CountedWhen",
    "CustodyFacts",
    "DrillClosed",
    "DrillInterrupted",
    "DrillOpened",
    "EffectsCounted",
    "Emitter",
    "EncryptionFacts",
    "Event",
    "Excess",
    "FaultFacts",
    "FaultInjected",
    "FidelityCompared",
    "ForbiddenScanned",
    "HostFacts",
    "InnerEvent",
    "InnerExited",
    "InnerLaunched",
    "InputChanged",
    "IsolationProbed",
    "IsolationVerdict",
    "LibraryReplaced",
    "LogFile",
    "LogsKept",
    "MarkerProven",
    "Measured",
    "Note",
    "Observed",
    "OuterEvent",
    "OuterNote",
    "Overridden",
    "PhaseTimed",
    "PlanChangeFacts",
    "PlanCompared",
    "ProgramRun",
    "ReissueFacts",
    "ReviewApproved",
    "ScanHit",
    "ScenarioFinished",
    "ScenarioStarted",
    "ScenarioStatus",
    "SecretKnown",
    "ServiceLogged",
    "ServiceReady",
    "ServiceStarted",
    "ServiceStopped",
    "SetContradicted",
    "SetFile",
    "SetReference",
    "SetVerified",
    "SourceState",
    "StageDone",
    "StageEntered",
    "StageFailed",
    "StepOutcome",
    "StepRun",
    "TeardownDone",
    "ViewReduced",
    "cut",
    "event_of",
]
