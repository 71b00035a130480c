"""stack.yaml, the nouns of a stack, as frozen models."""

from restoreproof.contract.loader import json_schema, load
from restoreproof.contract.models import Contract
from restoreproof.contract.references import nouns
from restoreproof.contract.sql import bind
from restoreproof.contract.variables import resolve

__all__ = ["Contract", "bind", "json_schema", "load", "nouns", "resolve"]
