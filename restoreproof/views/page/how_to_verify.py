"""The sections on the controls that a drill bears on, and on how to check its evidence."""

from __future__ import annotations

from itertools import groupby

from restoreproof.outcome import Outcome
from restoreproof.record.model import Record
from restoreproof.views.controls import MatrixRow, Support, matrix
from restoreproof.views.page.identity import NOT_RECORDED
from restoreproof.views.page.model import CommandLines, Facts, Line, Paragraph, Section, Table, digest, line
from restoreproof.views.page.results import SIGNS, outcome_words

_DOCS = "docs/controls.md"
_THREATS = "docs/threat-model.md"


def controls(record: Record) -> Section:
    """Make the short section on the controls that the checks bear on."""
    rows = matrix(record)
    facts = tuple(
        (support.value.capitalize(), line(", ".join(_labels(rows, support))))
        for support in (Support.SUPPORTED, Support.CONTRADICTED, Support.OPEN)
        if _labels(rows, support)
    )
    more = (
        "A drill supports a control; it never shows that an organisation fulfils one. "
        f"What each check does not prove stands in the appendix and in {_DOCS}."
    )
    return Section("controls", "Controls supported", (Facts(facts), Paragraph(line(more))))


def control_matrix(record: Record) -> Section:
    """Make the table of each control: its demand, the outcome of its checks, and what they leave open."""
    columns = ("Control", "Demand", "Checks of this drill", "Supports", "Does not prove")
    rows = tuple(
        (
            line(f"{row.framework}: {row.control.reference}"),
            line(_demand(row)),
            line(f"{row.support}: {_counted(row)}"),
            line(row.control.supports),
            line(row.control.not_proven),
        )
        for row in matrix(record)
    )
    return Section(
        "control-matrix", "Controls and what is not proven of them", (Table(columns, (3, 5, 4, 5, 5), rows),)
    )


def yourself(record: Record) -> Section:
    """Make the section on the key, the two commands, the place in the ledger, and where sign-offs stand."""
    custody = record.custody
    drill = record.drill_id or "DRILL"
    lines = (
        f"restoreproof verify {drill} --key drill.pub",
        f"python3 verify_evidence.py {drill} --key drill.pub",
    )
    issued = {
        True: "self-issued: made by whoever ran the drill, so nobody else vouches for it",
        False: "given to the drill, not made by it",
        None: "who issued it is not recorded",
    }[custody.self_issued]
    key: Line = (
        line("SHA-256 ", digest(custody.key_id), f", {issued}")
        if custody.key_id
        else line("none: whoever rendered this page had no key, so look for attestation.dsse.json beside it")
    )
    rows = (
        ("Key", key),
        ("Place in the ledger", _place(record)),
        ("Sign-offs", line(_sign_offs(record))),
        (
            "Made from",
            line(
                f"plan.json and journal.jsonl ({record.events:,} events), and from nothing else; "
                "record.json holds every figure, SHA256SUMS names every file"
            ),
        ),
        (
            "Who could forge it",
            line(f"who can touch what, what each could forge and which test tries it stands in {_THREATS}"),
        ),
    )
    advice = line(
        "With the public key from whoever runs the drills, never from beside the evidence, in reports/:"
    )
    return Section("yourself", "Check it yourself", (Facts(rows), Paragraph(advice), CommandLines(lines)))


def _labels(rows: tuple[MatrixRow, ...], support: Support) -> list[str]:
    """The controls that the drill gives this ``support``, by framework."""
    bearing = [row for row in rows if row.support is support]
    return [
        f"{framework.partition(',')[0]} {', '.join(row.control.reference for row in members)}"
        for framework, members in groupby(bearing, key=lambda row: row.framework)
    ]


def _demand(row: MatrixRow) -> str:
    return (
        f"{row.control.demand} (to verify: {row.control.verify})"
        if row.control.verify
        else row.control.demand
    )


def _counted(row: MatrixRow) -> str:
    mandatory = [check for check in row.checks if check.mandatory]
    counted = [(outcome, sum(check.outcome is outcome for check in mandatory)) for outcome in Outcome]
    counts = ", ".join(
        f"{SIGNS[outcome]} {count} {outcome_words(outcome)}" for outcome, count in counted if count
    )
    return counts or "no check of this drill bears on it"


def _place(record: Record) -> Line:
    custody = record.custody
    if custody.ledger_seq is None:
        return line(NOT_RECORDED)
    attempt = f", attempt {record.attempt} at this set and plan" if record.attempt is not None else ""
    before = custody.previous_record_sha256
    return line(
        f"entry {custody.ledger_seq}{attempt}, entry ",
        digest(custody.ledger_entry_sha256),
        *((", previous record ", digest(before)) if before else (", no finished drill before it",)),
    )


def _sign_offs(record: Record) -> str:
    demanded = {
        True: "the contract demands one by somebody else; ",
        False: "the contract demands none; ",
        None: "",
    }[record.actors.approver_required]
    return f"{demanded}they stand beside this directory, in {record.drill_id or 'DRILL'}.sign-off-*.dsse.json"
