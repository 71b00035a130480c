"""The names under which tests elsewhere know the workshop."""

from tests.workshop import CONTRACT, ROOT, Done, Drilled, Workshop

__all__ = ["CONTRACT", "ROOT", "Done", "Drilled", "Workshop"]
