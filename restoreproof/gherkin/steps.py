"""The generic step phrases, the installable vocabulary of every stack."""

from __future__ import annotations
