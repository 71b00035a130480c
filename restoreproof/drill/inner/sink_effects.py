"""What left the restored platform, journaled before its workers resume and when the drill ends."""

from __future__ import annotations

import httpx
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.sinks import SinkSurvey
from restoreproof.errors import ServiceFailedError
from restoreproof.events import AT_THE_END, BEFORE_APPROVAL, CountedWhen, EffectsCounted, Note

__all__ = ["AT_THE_END", "BEFORE_APPROVAL", "tell_effects", "tell_last_effects"]


def tell_effects(restore_context: RestoreContext, when: CountedWhen) -> SinkSurvey:
    """Count what each way out has recorded until now, and journal it."""
    survey = SinkSurvey.look(restore_context)
    restore_context.stack_context.emitter.emit(EffectsCounted(when=when, effects=dict(survey.effects)))
    return survey


def tell_last_effects(restore_context: RestoreContext) -> None:
    """Count once more, before the target is destroyed; a sink that no longer answers is told as a note."""
    stack_context = restore_context.stack_context
    sinks = stack_context.contract.sinks.values()
    if not sinks or not all(stack_context.runtime.running(sink.service) for sink in sinks):
        return
    try:
        tell_effects(restore_context, AT_THE_END)
    except (OSError, httpx.HTTPError, StoreError, ServiceFailedError) as error:
        stack_context.emitter.emit(Note(text=f"the ways out could not be asked at the end: {error}"))
