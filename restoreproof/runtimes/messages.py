"""What of the words of a component's programs may be shown: in a message, in the journal, in a kept log."""

from __future__ import annotations

from restoreproof.components import registry

PART = "messages"
"""The module of a component whose programs may quote what they store."""


class Messages:
    """Messages of a component; by default all that has passed the redactor may be shown."""

    def shown(self, text: str) -> str:
        """Return ``text``, which a program of the component wrote, without what it stores."""
        return text


def messages_of(component: str) -> Messages:
    """Return what may be shown of the words of ``component``. Raises PluginError if it can't be used."""
    registered = registry.component(component)
    part = registered.part(PART, Messages) if registered else None
    return (part or Messages)()
