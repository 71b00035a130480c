"""The ledger: an unbroken chain that knows this drill as the evidence tells it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from restoreproof.verifier.answers import Answer, Question
from restoreproof.verifier.formats import (
    ATTESTATION,
    GENESIS,
    LEDGER_ENTRY,
    RECORD,
    canonical,
    pae,
    sha256_of,
)
from restoreproof.verifier.history import tell_history


def whole_lines(lines: Sequence[bytes]) -> tuple[Sequence[bytes], bytes]:
    """Return the lines that were written to their end, and the bytes of a last one that was not; b"" if none.

    Each entry ends with its line break, so a last line without one was torn by a crash or a full disk.
    """
    if lines and not lines[-1].endswith(b"\n"):
        return lines[:-1], lines[-1]
    return lines, b""


def read_chain(lines: Sequence[bytes]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each entry with the SHA-256 of its line.

    Raises:
        ValueError: the chain breaks; the message names the line.
    """
    prev = GENESIS
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or canonical(entry) + b"\n" != line:
            raise ValueError(f"line {number} is not a ledger entry")
        if entry.get("prev") != prev or entry.get("seq") != number:
            raise ValueError(
                f"the chain is broken at line {number}: a line before it was changed, added or removed"
            )
        prev = hashlib.sha256(line).hexdigest()
        yield entry, prev


def entry_signature(entry: Mapping[str, Any]) -> tuple[str, bytes, bytes] | None:
    """Return key id, signed bytes and signature of a ledger entry; None if nobody signed it."""
    signed = entry.get("signature")
    if not isinstance(signed, dict):
        return None
    body = {name: value for name, value in entry.items() if name != "signature"}
    try:
        signature = base64.b64decode(str(signed.get("sig")), validate=True)
    except ValueError:
        signature = b""
    return str(signed.get("keyid")), pae(LEDGER_ENTRY, canonical(body)), signature


def check_ledger(asked: Question, answer: Answer, record: Mapping[str, Any]) -> None:
    """Hold the drill's place in the ledger against its ``record``, and note what came before and after."""
    if asked.ledger is None:
        answer.notes.append("no ledger was asked: earlier attempts and removed drills would not show")
        return
    lines, torn = whole_lines(asked.ledger)
    if torn:
        answer.notes.append(
            f"the ledger ends in a torn line: {len(torn)} bytes of an entry that was not written to its end, "
            "so what came last is not known; `restoreproof mend-ledger` keeps them and records the mending"
        )
    try:
        chain = list(read_chain(lines))
    except ValueError as error:
        answer.refuse("ledger", str(error))
        return
    entries = [entry for entry, _ in chain]
    if asked.head and not (0 < asked.head[0] <= len(chain) and chain[asked.head[0] - 1][1] == asked.head[1]):
        answer.refuse("ledger", f"entry {asked.head[0]} is not the pinned head: it was cut or re-chained")
    signed = _signed_entries(asked, answer, entries)
    mine = [entry for entry in entries if entry.get("drill_id") == record.get("drill_id")]
    if not mine:
        answer.refuse("ledger", stranger_to(entries, str(record.get("stack"))))
        return
    _check_entries(asked, answer, mine, record)
    last = next((entry["seq"] for entry in reversed(mine) if entry.get("type") == "finished"), 0)
    covered = max([*signed, asked.head[0] if asked.head else 0])
    if last and covered < last:
        answer.refuse(
            "ledger", "nothing from this drill's entry on is signed by this key, nor does --head pin it"
        )
    _check_position(answer, chain, record)
    tell_history(asked, answer, entries, record)


def stranger_to(entries: Sequence[Mapping[str, Any]], stack: str) -> str:
    """Say of a ledger that never began a drill of ``stack`` whose ledger it is."""
    stacks = sorted({str((entry.get("data") or {}).get("stack") or "a stack without a name") for entry in
                     entries if entry.get("type") == "started"})  # fmt: skip
    if stacks and stack not in stacks:
        return f"never began this drill: it is the ledger of {', '.join(stacks)}, and not of {stack}"
    return f"never began this drill: it knows of {len(entries)} entries, and none is of it"


def _signed_entries(asked: Question, answer: Answer, entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of the entries that the pinned key signed."""
    numbers = [0]
    for entry in entries:
        signed = entry_signature(entry)
        if signed is None or signed[0] != asked.key.keyid:
            continue
        if asked.key.accepts(signed[1], signed[2]):
            numbers.append(int(entry["seq"]))
        else:
            answer.refuse("ledger", f"entry {entry['seq']} bears a signature that is not the pinned key's")
    return numbers


def _check_entries(
    asked: Question, answer: Answer, mine: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> None:
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for entry in mine:
        by_type.setdefault(str(entry.get("type")), []).append(entry.get("data") or {})
    started, finished = by_type.get("started", []), by_type.get("finished", [])
    if len(started) != 1 or len(finished) != 1 or "aborted" in by_type:
        types = ", ".join(str(entry.get("type")) for entry in mine) or "nothing"
        answer.refuse("ledger", f"knows of this drill: {types}; once started and once finished was due")
        return
    sealed = [data["attestation_sha256"] for data in (*finished, *by_type.get("sealed", [])) if
              data.get("attestation_sha256")]  # fmt: skip
    due = {"set_id": record["backup_set"]["set_id"], "plan": record["plan"]["digest"],
           "attempt": record["attempt"]}  # fmt: skip
    ended = {"verdict": record["verdict"], "record_sha256": sha256_of(asked.directory / RECORD)}
    for name, entered, value in [
        *((name, started[0].get(name), value) for name, value in due.items()),
        *((name, finished[0].get(name), value) for name, value in ended.items()),
    ]:
        if entered != value:
            answer.refuse("ledger", f"says of this drill {name} {entered}, the evidence {value}")
    if not sealed:
        answer.notes.append("the ledger does not know the attestation: the evidence was sealed elsewhere")
    elif (attestation := asked.directory / ATTESTATION).is_file() and sha256_of(attestation) not in sealed:
        answer.refuse("ledger", "knows another attestation of this drill")


def _check_position(
    answer: Answer, chain: Sequence[tuple[Mapping[str, Any], str]], record: Mapping[str, Any]
) -> None:
    """The sealed record names the ledger's entry of its beginning, and so everything before it."""
    custody = record.get("custody") or {}
    seq, digest = custody.get("ledger_seq"), custody.get("ledger_entry_sha256")
    if isinstance(seq, int) and (not 0 < seq <= len(chain) or chain[seq - 1][1] != digest):
        answer.refuse("ledger", f"entry {seq} is not the one that the record was begun with")
