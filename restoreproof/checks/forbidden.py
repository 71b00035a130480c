"""What no backup may hold: searched for in everything that the application had a hand in.

That is what the set holds, and what the target holds of an asset that a provider keeps in the set's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from restoreproof.assets.base import Asset, RestoreContext, RestoreFailed
from restoreproof.assets.keycloak import KeycloakAsset
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.assets.search_streams import pieces, printed
from restoreproof.assets.searchable import Searchable
from restoreproof.backups import layout, missing
from restoreproof.backups.digests import in_threads
from restoreproof.backups.missing import PartMissing
from restoreproof.backups.references import Reference
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import ForbiddenScanned, ScanHit
from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome
from restoreproof.scan.rules import ForbiddenRule, rules, ruleset_digest
from restoreproof.scan.scanner import Hit, scan, self_test

_CLOSED = (EnvironmentUnfitError, PartMissing, RestoreFailed)
"""Why something can't be searched: what is not looked into may hold anything, so nothing is said of it."""


@check("forbidden material")
@dataclass(frozen=True, slots=True)
class ForbiddenSurvey:
    """Every part that was searched, and what was found in it.

    ``restored`` are the assets that were searched in the target, for they are no files of the set.
    ``closed`` names what should have been searched and could not be, each with the reason.
    """

    parts: int
    total: int | None
    size: int
    names: tuple[str, ...]
    findings: Findings
    blind: tuple[str, ...]
    restored: tuple[str, ...] = ()
    closed: Findings = field(default_factory=Findings)

    @when("the backup is searched for forbidden material")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> ForbiddenSurvey:
        """Search dumps (as SQL), objects and files; not the identity provider's data, nor what is encrypted.

        The identity provider's own database holds the realm's signing keys by right: it is kept as a secret.
        """
        extra = {
            name: (rule.pattern, rule.example)
            for name, rule in restore_context.stack_context.contract.forbidden.items()
        }
        all_rules = rules(extra)
        search = _Search(all_rules)
        with restore_context.stack_context.phase("forbidden material") as work:
            search.through(_of_the_set(restore_context))
            restored = tuple(_search_target(restore_context, search))
            work.bytes, work.items = search.size, search.parts
        names = tuple(rule.name for rule in all_rules)
        restore_context.stack_context.emitter.emit(
            ForbiddenScanned(
                ruleset=names,
                ruleset_digest=ruleset_digest(all_rules),
                bytes=search.size,
                parts=search.parts,
                unscannable=(*_left_out(restore_context), *search.closed.listed),
                findings=tuple(search.hits),
                findings_total=search.findings.total,
            )
        )
        return cls(
            search.parts,
            _expected(restore_context),
            search.size,
            names,
            search.findings,
            tuple(self_test(all_rules)),
            restored,
            search.closed,
        )

    @then("nothing forbidden is found, by a search that finds each kind of it")
    def clean(self) -> Observation:
        """Nothing forbidden is in it, and every rule found the sample planted for it in the same run."""
        expected = f"the backup holds none of: {', '.join(self.names)}"
        if self.blind:
            return not_verified(expected, f"the scanner missed its own sample of: {', '.join(self.blind)}")
        unsearched = "; ".join(self._unsearched())
        # "0 found" would be said of the whole, and nobody knows of what was not read.
        found = (
            f"{self.findings.total} found"
            if self.findings.total or not unsearched
            else "nothing found in those"
        )
        searched = f"{self.size:,} bytes in {self.parts:,} parts searched, {found}"
        if self.restored:
            searched += f"; in the target: {', '.join(self.restored)}"
        due = None if self.total is None else max(self.total, self.parts + self.closed.total)
        if not self.findings.total and unsearched:
            observed = f"{searched}; not searched: {unsearched}"
            return Observation(Outcome.NOT_VERIFIED, expected, observed, self.parts, due)
        return conclude(
            expected,
            f"{searched}; all {len(self.names)} rules found their planted sample",
            self.findings,
            examined=self.parts,
            total=due,
        )

    def _unsearched(self) -> Iterator[str]:
        """Yield what should have been searched and was not: whether it holds anything, nobody knows."""
        yield from self.closed.listed
        if more := self.closed.total - len(self.closed.listed):
            yield f"{more:,} more"
        if self.total is not None and (lost := self.total - self.parts - self.closed.total) > 0:
            yield f"{lost:,} parts that the catalogue counted and that are not there"


@dataclass(frozen=True, slots=True)
class _Seen:
    """One part after the search: its first hits, how many there were, and why it was ``closed``, if so."""

    label: str
    size: int = 0
    hits: Sequence[Hit] = ()
    total: int = 0
    closed: str = ""


class _Search:
    """Runs parts through the rules, several at a time, and counts."""

    def __init__(self, all_rules: Sequence[ForbiddenRule]) -> None:
        self.parts = self.size = 0
        self.findings, self.closed = Findings(), Findings()
        self.hits: list[ScanHit] = []
        self._rules = all_rules

    def through(self, parts: Iterable[Searchable]) -> None:
        """Search every part. One that is closed is named, and the others are searched all the same."""
        for part in in_threads(self._look, parts):
            if part.closed:
                self.closed.add(f"{part.label}: {part.closed}")
            self.parts += not part.closed
            self.size += part.size
            for hit in part.hits:
                self.findings.add(f"{part.label}: {hit.rule} at byte {hit.offset:,}")
                if len(self.hits) < MAX_FINDINGS:
                    self.hits.append(
                        ScanHit(rule=hit.rule, location=f"{part.label[:300]}, byte {hit.offset}")
                    )
            self.findings.total += part.total - len(part.hits)

    def _look(self, part: Searchable) -> _Seen:
        hits: list[Hit] = []
        size = total = 0

        def count(piece: int) -> None:
            nonlocal size
            size += piece

        try:
            for hit in scan(part.read(), self._rules, count):
                total += 1
                if len(hits) < MAX_FINDINGS:
                    hits.append(hit)
        except _CLOSED as error:
            return _Seen(part.label, size, hits, total, _reason(error))
        return _Seen(part.label, size, hits, total)


def _search_target(restore_context: RestoreContext, search: _Search) -> Iterator[str]:
    """Search what the target holds of assets that are no files of the set; yields those looked into."""
    for asset in restore_context.stack_context.assets():
        reference = restore_context.backup.references.get(asset.name)
        if reference is None:
            continue
        named, before = f"{asset.name} ({reference})", search.parts
        try:
            if not reference.in_place:
                _must_be_there(restore_context, asset)
            search.through(asset.searchable(restore_context.stack_context))
        except _CLOSED as error:
            search.closed.add(f"{named}: {_reason(error)}")
        if search.parts > before:
            yield named if reference.in_place else _as_restored(asset, reference)


def _as_restored(asset: Asset, reference: Reference) -> str:
    return f"{asset.name} (restored from {reference.reference}, whose own bytes were not searched)"


def _must_be_there(restore_context: RestoreContext, asset: Asset) -> None:
    order, now = restore_context.stack_context.contract.order, restore_context.stack_context.stage()
    if order.index(asset.at) > order.index(now):
        raise EnvironmentUnfitError(f"restored at {asset.at!r}, after this check: tag that @at:{asset.at}")


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _of_the_set(restore_context: RestoreContext) -> Iterator[Searchable]:
    backup, references = restore_context.backup, restore_context.backup.references
    for path in _files(restore_context):
        yield _file(restore_context, path, path)
    for asset in _databases(restore_context):
        if asset.name not in references and (backup.directory / asset.dump).is_file():
            yield Searchable(asset.dump, partial(_as_sql, restore_context, asset))
    for bucket in backup.buckets():
        if backup.elsewhere(missing.bucket_part(bucket)) is None:
            for entry in backup.objects(bucket):
                yield _file(restore_context, f"{bucket}/{entry.key}", layout.blob(entry.sha256))


def _file(restore_context: RestoreContext, label: str, path: str) -> Searchable:
    return Searchable(label, partial(_content, restore_context, path))


def _content(restore_context: RestoreContext, path: str) -> Iterator[bytes]:
    try:
        return pieces(restore_context.backup.path(path))
    except FileNotFoundError as error:
        raise RestoreFailed("its content is not in the set") from error


def _as_sql(restore_context: RestoreContext, asset: PostgresAsset) -> Iterator[bytes]:
    """The dump as the SQL that would restore it: compressed, nothing in it could be recognised."""
    dump = restore_context.backup.directory / asset.dump
    command = ["pg_restore", "--file=-", str(dump)]
    return printed(
        restore_context.stack_context, asset.service, command, read=[dump.parent], failed=RestoreFailed
    )


def _databases(restore_context: RestoreContext) -> list[PostgresAsset]:
    return [asset for asset in restore_context.stack_context.assets() if isinstance(asset, PostgresAsset)]


def _left_out(restore_context: RestoreContext) -> list[str]:
    """What is not searched on purpose, and why."""
    realms = [asset for asset in restore_context.stack_context.assets() if isinstance(asset, KeycloakAsset)]
    elsewhere = restore_context.backup.references
    dumps = {asset.dump for asset in realms}
    listed = [artifact.path for artifact in restore_context.backup.manifest.artifacts]
    by_right = "holds the realm's signing keys by right"
    reasons = {path: by_right for path in listed if path in dumps}
    reasons |= {path: "encrypted" for path in listed if path.endswith(layout.ENCRYPTED)}
    reasons |= {
        f"{realm.name} ({elsewhere[realm.name]})": by_right for realm in realms if realm.name in elsewhere
    }
    return [f"{path}: {reasons[path]}" for path in sorted(reasons)]


def _files(restore_context: RestoreContext) -> list[str]:
    """Ordinary files of the set that are searched as they are."""
    assets = restore_context.stack_context.assets()
    dumps = {asset.dump for asset in assets if isinstance(asset, PostgresAsset | KeycloakAsset)}
    listed = [artifact.path for artifact in restore_context.backup.manifest.artifacts]
    return [path for path in listed if path not in dumps and not path.endswith(layout.ENCRYPTED)]


def _expected(restore_context: RestoreContext) -> int | None:
    """How many parts there should be, by manifest (files), contract (databases) and catalogue (objects)."""
    if restore_context.catalogue is None:
        return None
    objects = sum(bucket.objects for bucket in restore_context.catalogue.buckets.values())
    return len(_files(restore_context)) + len(_databases(restore_context)) + objects
