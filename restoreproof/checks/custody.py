"""The custody records of the signer's keys: public, and complete for everything that was signed."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.assets import custody
from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database, restored_parameters
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.phrases import check, then, when
from restoreproof.outcome import Observation
from restoreproof.scan.rules import BUILT_IN
from restoreproof.scan.scanner import scan_file


@check("custody", about="custody")
@dataclass(frozen=True, slots=True)
class CustodySurvey:
    """The custody records of the set."""

    files: int
    listed: int
    secret: Findings
    used: tuple[str, ...]
    in_custody: frozenset[str]

    @when("the custody records are read")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> CustodySurvey:
        """Read every custody record, and every key id that the contract's signed rows name."""
        keys = custody.keys_in_custody(restore_context.backup)
        root = restore_context.backup.directory / custody.DIRECTORY
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
        secret = Findings()
        for path in files:
            for hit in scan_file(path, BUILT_IN):
                secret.add(f"{path.name}: {hit.rule} at byte {hit.offset}")
        listed = [
            artifact
            for artifact in restore_context.backup.manifest.artifacts
            if artifact.path.startswith(f"{custody.DIRECTORY}/")
        ]
        return cls(len(files), len(listed), secret, tuple(sorted(_used(restore_context))), frozenset(keys))

    @then("they hold public keys only", states="public keys only")
    def public_only(self) -> Observation:
        """No record holds the private part of a key."""
        return conclude(
            "the custody records hold public keys only",
            f"{self.files} records read, {self.secret.total} private keys",
            self.secret,
            examined=self.files,
            total=self.listed,
        )

    @then("every key that signed restored data is among them", states="every signing key")
    def known(self) -> Observation:
        """Every key that signed something in the database is in custody."""
        findings = Findings()
        for key in self.used:
            if key not in self.in_custody:
                findings.add(f"{key} signed rows and is not in custody")
        return conclude(
            "every key that signed something in the database has a custody record",
            f"{len(self.used) - findings.total} of {len(self.used)} keys known",
            findings,
            examined=len(self.used),
            total=len(self.used),
        )


def _used(restore_context: RestoreContext) -> set[str]:
    """The ids of the keys that signed what the contract says is signed."""
    stack_context = restore_context.stack_context
    key_ids: set[str] = set()
    contract = stack_context.contract
    queries = [
        (chain.database, chain.sql, chain.signature.key)
        for chain in contract.chains.values()
        if chain.signature
    ]
    for signature in contract.signatures.values():
        dataset = contract.datasets[signature.dataset]
        queries.append((dataset.database, dataset.sql, signature.key))
    for asset, sql, column in queries:
        values = restored_parameters(restore_context, asset, sql)
        with open_database(stack_context, asset) as database:
            query = f'select distinct "{column}" as id from ({sql}) as signed'
            key_ids |= {str(row["id"]) for row in database.rows(query, values)}
    return key_ids
