"""From ``stack.yaml`` to a ``Contract``, or to everything that is wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from restoreproof.bounded_file import OversizedFile, read_bounded
from restoreproof.contract import consistency, references
from restoreproof.contract import document as documents
from restoreproof.contract.block_models import asset_schemas, component_schemas
from restoreproof.contract.models import Contract
from restoreproof.contract.problems import InvalidContract, from_validation
from restoreproof.contract.runtime_blocks import contract_model, whole_model
from restoreproof.errors import ContractError, Location

MAX_BYTES = 1024 * 1024
"""Of a contract: YAML of more would take minutes to read."""


def load(path: Path) -> Contract:
    """Return the contract in ``path``, its blocks held against kinds and components, its names resolved.

    Raises:
        ContractError: the file can't be read, or is not a contract; every fault with file, line and, where
            a known word is near, a suggestion. Faults of one kind are reported together.
    """
    return parse(read_contract(path).decode(), path)


def read_contract(path: Path) -> bytes:
    """Return the bytes of the contract in ``path``, which are UTF-8.

    Raises:
        ContractError: the file can't be read, is too large or not UTF-8.
    """
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise ContractError(
            f"can't read the contract: {error.strerror}", where=Location(str(path)), hint="name a stack.yaml"
        ) from error
    except OversizedFile as error:
        raise ContractError(f"the contract is not read: {error}", where=Location(str(path))) from error
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise ContractError("the contract is not UTF-8", where=Location(str(path))) from error
    return content


def parse(text: str, path: Path) -> Contract:
    """Return the contract that ``text`` says; ``path`` is what messages and relative paths refer to.

    Raises:
        ContractError: see ``load``.
    """
    document, problems = documents.read(text, str(path))
    model = contract_model(document.data)
    try:
        contract = model.model_validate(document.data)
    except ValidationError as error:
        raise InvalidContract([*problems, *from_validation(error, model, document)]) from error
    contract._document = document
    contract._path = path.absolute()
    contract._sha256 = hashlib.sha256(text.encode()).hexdigest()
    unfit = contract.misfits()
    # Names stand in the blocks too: what those define is known only once all of them fit.
    problems.extend(unfit or [*references.problems(contract), *consistency.problems(contract)])
    if problems:
        raise InvalidContract(problems)
    return contract


def json_schema() -> dict[str, Any]:
    """Return the contract's JSON Schema, with the blocks of every kind, component and runtime installed.

    docs/stack.schema.json is that of the library alone, for editors.
    """
    schema = whole_model().model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    shape = definitions["Service"]
    for block, blocks in (("assets", asset_schemas()), ("services", component_schemas(shape))):
        for name, definition in blocks.items():
            definitions |= definition.pop("$defs", {})
            definitions[f"{block}.{name}"] = definition
        owned = [{"$ref": f"#/$defs/{block}.{name}"} for name in blocks]
        schema["properties"][block]["additionalProperties"] = {"oneOf": owned}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "restoreproof/stack/v1",
    } | schema
