"""The section on the backup: what identifies it, who took it, and what was run over it, by digest."""

from __future__ import annotations

from restoreproof.record.backup_set import CatalogueRecord
from restoreproof.record.headline import duration
from restoreproof.record.model import Record
from restoreproof.record.moments import moment
from restoreproof.views.page.model import Facts, Line, Section, digest, joined, line
from restoreproof.views.template_environment import size

NOT_RECORDED = "not recorded"

_DATA = {True: "synthetic data", False: "real data", None: "not stated whether real or synthetic"}


def identity(record: Record) -> Section:
    """Make the section on the set, its catalogue, the release, and what was run."""
    rows = (
        ("Backup set", _set(record)),
        ("Recovery point", _recovery_point(record)),
        ("Taken", _taken(record)),
        ("Holds", _content(record)),
        *_kept(record),
        ("Catalogue", _catalogue(record)),
        ("Release in it", _release(record)),
        ("What was run", _run(record)),
        ("Who ran it", _who(record)),
    )
    return Section("identity", "Which backup", (Facts(rows),))


def instant(text: str | None) -> str:
    """Return a moment in UTC, to the second; text that names none as it is."""
    if not text:
        return NOT_RECORDED
    at = moment(text)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else text


def _set(record: Record) -> Line:
    backup = record.backup_set
    return line(backup.set_id or NOT_RECORDED, ", manifest ", digest(backup.manifest_sha256))


def _recovery_point(record: Record) -> Line:
    age = record.backup_set.age_s
    old = ""
    if age is not None:
        old = f", {duration(abs(age))} {'before' if age >= 0 else 'after'} the drill began"
    return line(f"{instant(record.backup_set.recovery_point)}{old}")


def _taken(record: Record) -> Line:
    backup = record.backup_set
    tools = [f"{name} {version}" for name, version in backup.tool_versions]
    parts = [
        instant(backup.taken_at),
        f"from {backup.location}" if backup.location else "read from where is not recorded",
        *([f"with {', '.join(tools)}"] if tools else []),
    ]
    return joined(parts, ", ")


def _content(record: Record) -> Line:
    backup = record.backup_set
    parts = [_DATA[backup.synthetic], size(backup.bytes) if backup.bytes is not None else "size not recorded"]
    if backup.artifacts_total is not None:
        parts.append(f"{backup.artifacts_total:,} files")
    if backup.objects is not None:
        parts.append(f"{backup.objects:,} objects")
    if backup.encryption is None:
        parts.append("encryption not recorded")
    else:
        count = backup.encryption.recipients
        keys = f" ({count} can decrypt them)" if count is not None else ""
        parts.append(f"secrets encrypted with {backup.encryption.scheme}{keys}")
    return joined(parts, ", ")


def _kept(record: Record) -> list[tuple[str, Line]]:
    """What is no file of the set, one row for all of it; none where every part is a file."""
    parts = []
    for reference in record.backup_set.references:
        engine = f", engine {reference.engine}" if reference.engine else ""
        volume = f", {size(reference.bytes)}" if reference.bytes is not None else ""
        parts.append(f"{reference.asset}: {reference.reference}{engine}{volume}")
    return [("Kept by a provider", joined(parts))] if parts else []


def _catalogue(record: Record) -> Line:
    catalogue = record.backup_set.catalogue
    if catalogue is None:
        return line("none was held against the set")
    comparison = {
        True: ", every file held against it before anything was restored",
        False: ", not held against it before the restore",
        None: "",
    }[record.backup_set.verified_before_restore]
    first = catalogue.reissued_from
    again = (", written again from that of the set ", first.set_id, ", manifest ") if first else ()
    return line(
        digest(catalogue.sha256),
        *_author(catalogue),
        *again,
        *([digest(first.manifest_sha256)] if first else []),
        comparison,
    )


def _author(catalogue: CatalogueRecord) -> tuple[object, ...]:
    match catalogue.author:
        case None:
            return ()
        case "unsigned":
            return (", unsigned",)
        case "foreign":
            return (", signed by a key that was not named, ", digest(catalogue.key_id))
        case "unchecked":
            return (", signed, and not held against a key, by ", digest(catalogue.key_id))
        case _:
            return (", signed by the key ", digest(catalogue.key_id))


def _release(record: Record) -> Line:
    return line(record.backup_set.release or NOT_RECORDED)


def _run(record: Record) -> Line:
    build, plan = record.harness_build, record.plan
    return line(
        record.harness,
        ", commit ",
        digest(build.git_commit),
        ", plan ",
        digest(plan.digest),
        ", contract ",
        digest(plan.contract_sha256),
        ", features ",
        digest(plan.features_sha256),
        ", lock ",
        digest(build.lockfile_sha256),
    )


def _who(record: Record) -> Line:
    actors = record.actors
    parts: list[object] = [actors.operator or "operator not recorded"]
    parts.append(f"trigger: {record.trigger or NOT_RECORDED}")
    parts.append(actors.ci_run_url or "by no CI run that is recorded")
    parts.append(f"runtime {record.target.runtime or NOT_RECORDED}")
    return joined(parts, ", ")
