"""What no backup may hold: searched for in everything of the set that the application had a hand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.assets.base import RestoreFailed, Restoring
from restoreproof.assets.keycloak import KeycloakAsset
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.backups import lacking, layout
from restoreproof.checks.base import Findings, judge, not_verified, survey
from restoreproof.outcome import MAX_FINDINGS, Observation
from restoreproof.scan.rules import Rule, rules, ruleset_digest
from restoreproof.scan.scanner import scan_file, self_test


@dataclass(frozen=True, slots=True)
class ForbiddenSurvey:
    """Every part of the set that was searched, and what was found. ``elsewhere``: kept by a provider."""

    parts: int
    of: int | None
    size: int
    names: tuple[str, ...]
    found: Findings
    blind: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    def clean(self) -> Observation:
        """Nothing forbidden is in it, and every rule found the sample planted for it in the same run."""
        expected = f"the backup holds none of: {', '.join(self.names)}"
        if self.blind:
            return not_verified(expected, f"the scanner missed its own sample of: {', '.join(self.blind)}")
        seen = f"{self.size:,} bytes in {self.parts:,} parts searched, {self.found.total} found"
        if self.elsewhere and not self.found.total:
            return not_verified(
                expected, f"{seen}; not searched, because no file of the set: {', '.join(self.elsewhere)}"
            )
        return judge(
            expected,
            f"{seen}; all {len(self.names)} rules found their planted sample",
            self.found,
            examined=self.parts,
            of=self.of,
        )


@survey("forbidden material")
def survey_forbidden(restoring: Restoring) -> ForbiddenSurvey:
    """Search dumps (as SQL), objects and files; not the identity provider's dump, nor what is encrypted.

    The identity provider's own database holds the realm's signing keys by right: it is kept as a secret.
    """
    own = {name: (one.pattern, one.example) for name, one in restoring.ground.contract.forbidden.items()}
    all_rules = rules(own)
    search = _Search(all_rules)
    with restoring.ground.phase("forbidden material") as work:
        for label, path in _parts(restoring):
            search.one(label, path)
        work.bytes, work.items = search.size, search.parts
    names = tuple(rule.name for rule in all_rules)
    restoring.ground.emitter.emit(
        "forbidden-scan",
        ruleset=names,
        ruleset_digest=ruleset_digest(all_rules),
        bytes=search.size,
        parts=search.parts,
        unscannable=_unsearched(restoring),
        findings=search.hits,
        findings_total=search.found.total,
    )
    return ForbiddenSurvey(
        search.parts,
        _expected(restoring),
        search.size,
        names,
        search.found,
        tuple(self_test(all_rules)),
        _elsewhere(restoring),
    )


class _Search:
    """Runs files through the rules and counts."""

    def __init__(self, all_rules: Sequence[Rule]) -> None:
        self.parts = self.size = 0
        self.found = Findings()
        self.hits: list[dict[str, str]] = []
        self._rules = all_rules

    def one(self, label: str, path: Path) -> None:
        """Search one file; ``label`` is what a person knows it by."""
        self.parts += 1
        for hit in scan_file(path, self._rules, self._count):
            self.found.add(f"{label}: {hit.rule} at byte {hit.offset:,}")
            if len(self.hits) < MAX_FINDINGS:
                self.hits.append({"rule": hit.rule, "location": f"{label[:300]}, byte {hit.offset}"})

    def _count(self, size: int) -> None:
        self.size += size


def _parts(restoring: Restoring) -> Iterator[tuple[str, Path]]:
    backup = restoring.backup
    for path in _files(restoring):
        try:
            yield path, backup.path(path)
        except FileNotFoundError:
            # Not counted, so fewer are examined than there should be, and the check fails.
            continue
    for asset in _databases(restoring):
        yield from _as_sql(restoring, asset)
    for bucket in _buckets(restoring):
        for entry in backup.objects(bucket):
            try:
                yield f"{bucket}/{entry.key}", backup.blob(entry.sha256)
            except FileNotFoundError:
                continue


def _databases(restoring: Restoring) -> list[PostgresAsset]:
    """Those whose dumps the set holds."""
    elsewhere = restoring.backup.references
    assets = (asset for asset in restoring.ground.assets() if asset.name not in elsewhere)
    return [asset for asset in assets if isinstance(asset, PostgresAsset)]


def _buckets(restoring: Restoring) -> list[str]:
    """Those whose objects the set holds."""
    backup = restoring.backup
    return [one for one in backup.buckets() if backup.elsewhere(lacking.bucket_part(one)) is None]


def _elsewhere(restoring: Restoring) -> tuple[str, ...]:
    """The assets that would have been searched, were they files of the set."""
    references = restoring.backup.references
    searched = (one for one in restoring.ground.assets() if isinstance(one, PostgresAsset | ObjectsAsset))
    return tuple(f"{one.name} ({references[one.name]})" for one in searched if one.name in references)


def _unsearched(restoring: Restoring) -> list[str]:
    """Files of the set that are left out on purpose, and why."""
    identity = {asset.dump for asset in restoring.ground.assets() if isinstance(asset, KeycloakAsset)}
    listed = [artifact.path for artifact in restoring.backup.manifest.artifacts]
    reasons = {path: "holds the realm's signing keys by right" for path in listed if path in identity}
    reasons |= {path: "encrypted" for path in listed if path.endswith(layout.ENCRYPTED)}
    return [
        *(f"{path}: {reasons[path]}" for path in sorted(reasons)),
        *(f"{one}: kept by a provider" for one in _elsewhere(restoring)),
    ]


def _files(restoring: Restoring) -> list[str]:
    """Ordinary files of the set that are searched as they are."""
    assets = restoring.ground.assets()
    dumps = {asset.dump for asset in assets if isinstance(asset, PostgresAsset | KeycloakAsset)}
    listed = [artifact.path for artifact in restoring.backup.manifest.artifacts]
    return [path for path in listed if path not in dumps and not path.endswith(layout.ENCRYPTED)]


def _as_sql(restoring: Restoring, asset: PostgresAsset) -> Iterator[tuple[str, Path]]:
    """The dump as the SQL that would restore it: compressed, nothing in it could be recognised."""
    ground, dump = restoring.ground, restoring.backup.directory / asset.dump
    if not dump.is_file():
        return
    out = ground.workdir / f"search-{asset.name}.sql"
    try:
        arguments = ["--file=-", str(dump)]
        done = ground.runtime.run_tool(asset.service, "pg_restore", arguments, read=[dump.parent], stdout=out)
        if done.returncode != 0:
            raise RestoreFailed(f"pg_restore can't read {asset.dump}: {done.stderr.strip()[-300:]}")
        yield asset.dump, out
    finally:
        out.unlink(missing_ok=True)


def _expected(restoring: Restoring) -> int | None:
    """How many parts there should be, by manifest (files), contract (databases) and catalogue (objects)."""
    if restoring.catalogue is None:
        return None
    backup, known = restoring.backup, restoring.catalogue.buckets
    own = (name for name in known if backup.elsewhere(lacking.bucket_part(name)) is None)
    objects = sum(known[name].objects for name in own)
    return len(_files(restoring)) + len(_databases(restoring)) + objects
