"""What is restored as files: the proxy's configuration, the release's description; and the set itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from restoreproof.assets import proxy, release
from restoreproof.assets.base import RestoreContext
from restoreproof.assets.proxy import ProxyAsset
from restoreproof.backups import missing as parts
from restoreproof.checks.base import Findings, compare, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.web import public_url
from restoreproof.contract.models import Contract
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation

Problems = list[str]


def _listed(problems: Problems) -> Findings:
    findings = Findings()
    for problem in problems:
        findings.add(problem)
    return findings


@check("proxy")
@dataclass(frozen=True, slots=True)
class ProxySurvey:
    """Where the restored proxy sends requests, and the certificate it serves."""

    destinations: tuple[str, ...]
    foreign: tuple[str, ...]
    unrouted: tuple[str, ...]
    host: str
    certificate_problems: tuple[str, ...]

    @when('the restored configuration of the "{asset}" is read')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> ProxySurvey:
        """Parse the set's proxy configuration and examine its certificate."""
        block = restore_context.stack_context.asset(asset)
        if not isinstance(block, ProxyAsset):
            raise ContractError(f"asset {asset!r} is no proxy")
        host = urlsplit(public_url(restore_context)).hostname or ""
        restore_context.backup.require(parts.PROXY, parts.SECRETS)
        problems = certificate_problems(restore_context, block, host)
        path = restore_context.backup.directory / proxy.DIRECTORY / block.config
        try:
            destinations = proxy.destinations(str(path))
        except (OSError, ValueError) as error:
            return cls((), (f"can't be read: {error}",), (), host, tuple(problems))
        services = restore_context.stack_context.contract.services
        allowed = {(name, services[name].port): name for name in block.upstreams}
        reached = {allowed.get(target(destination)) for destination in destinations}
        return cls(
            tuple(destinations),
            tuple(destination for destination in destinations if target(destination) not in allowed),
            tuple(name for name in block.upstreams if name not in reached),
            host,
            tuple(problems),
        )

    @then("every destination in it is a service of this stack", states="destinations")
    def internal(self) -> Observation:
        """Every destination is one of the contract's upstreams, and each of these is reached."""
        problems = [f"sends requests to {destination}" for destination in self.foreign]
        problems += [f"sends nothing to {upstream}" for upstream in self.unrouted]
        return conclude(
            "the proxy sends requests to the contract's upstreams, to all of them and nowhere else",
            f"{len(self.destinations)} destinations: {', '.join(sorted(set(self.destinations)))}",
            _listed(problems),
            examined=len(self.destinations),
            total=len(self.destinations),
        )

    @then("its certificate fits its key and the public name", states="certificate")
    def certificate(self) -> Observation:
        """The certificate is the backed-up one, for its key and the public name, and was valid."""
        return conclude(
            f"the certificate for {self.host} is whole, matches its key and was valid at the recovery point",
            "it is" if not self.certificate_problems else f"{len(self.certificate_problems)} problems",
            _listed(list(self.certificate_problems)),
            examined=1,
            total=1,
        )


def target(destination: str) -> tuple[str, int]:
    """Return host and port of a destination as nginx writes it; port 0 where none can be told."""
    parts = urlsplit(destination if "://" in destination else f"tcp://{destination}")
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    return parts.hostname or destination, port


def certificate_problems(restore_context: RestoreContext, block: ProxyAsset, host: str) -> Problems:
    """Return what is wrong with the proxy's certificate; nothing, if it can be served for ``host``."""
    vault, at = restore_context.stack_context.vault, restore_context.recovery_point(block.name)
    stored = restore_context.backup.directory / proxy.DIRECTORY / "tls.crt"
    pem = vault.pem(block.certificate)
    try:
        certificate, ca = (
            x509.load_pem_x509_certificate(pem),
            x509.load_pem_x509_certificate(vault.pem(block.ca)),
        )
        key = load_pem_private_key(vault.pem(block.key), password=None)
    except ValueError as error:
        return [f"certificate, CA or key can't be read: {error}"]
    problems: Problems = []
    if not stored.is_file() or stored.read_bytes() != pem:
        problems.append(f"{proxy.DIRECTORY}/{stored.name} is not the certificate of the environment")
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*spki) != key.public_key().public_bytes(*spki):
        problems.append("the key is another certificate's")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        problems.append(
            f"valid {certificate.not_valid_before_utc} to {certificate.not_valid_after_utc}, not at {at}"
        )
    if host not in covered(certificate):
        problems.append(f"it does not cover {host}")
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        problems.append("it was not issued by the public CA of the environment")
    return problems


def covered(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names that a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(names.get_values_for_type(x509.DNSName))


@check("release", about="release")
@dataclass(frozen=True, slots=True)
class ReleaseSurvey:
    """The release that the set says was running, beside the release's own tree."""

    version: str
    artifacts: int
    problems: tuple[str, ...]
    missing: str | None

    @when("the recorded release is compared with the release on hand")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> ReleaseSurvey:
        """Compare the set's release description with the tree of that release."""
        restore_context.backup.require(parts.RELEASE)
        directory = restore_context.backup.directory / release.DIRECTORY
        try:
            described = release.describe(directory)
            version, artifacts = str(described["version"]), dict(described["artifacts"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            return cls("unknown", 1, (f"release.json can't be read: {error}",), None)
        problems = _documents(directory, artifacts)
        if version != restore_context.backup.manifest.release:
            problems.append(
                f"release.json says {version}, the manifest {restore_context.backup.manifest.release}"
            )
        tree = tree_of(restore_context.stack_context.contract, version)
        missing = None if tree else f"there is no tree of release {version} here to compare with"
        for path, wanted in artifacts.items() if tree else ():
            if (actual := digest(tree / path)) != wanted:
                problems.append(
                    f"{path}: {actual[:16] if actual else 'missing'}, {str(wanted)[:16]} is recorded"
                )
        if missing and problems:
            missing = None
        return cls(version, len(artifacts), tuple(problems), missing)

    @then("its version and digests are recorded and equal", states="version and digests")
    def recorded(self) -> Observation:
        """Version and digests are stated and true; SBOM and API description are there and parse."""
        expected = "the set records the release that ran: version, digests, SBOM and API description"
        if self.missing:
            return not_verified(expected, self.missing)
        good = "as on disk" if not self.problems else f"{len(self.problems)} problems"
        return conclude(
            expected,
            f"release {self.version}, {self.artifacts} artifacts: {good}",
            _listed(list(self.problems)),
            examined=self.artifacts,
            total=self.artifacts,
        )


def _documents(directory: Path, artifacts: Mapping[str, str]) -> Problems:
    problems: Problems = []
    for name, has in (("sbom.cdx.json", ("bomFormat", "components")), ("openapi.json", ("openapi", "paths"))):
        try:
            document = json.loads((directory / name).read_text())
            problems += [f"{name} has no {key}" for key in has if not document.get(key)]
        except (OSError, ValueError, AttributeError) as error:
            problems.append(f"{name} can't be read: {type(error).__name__}")
            continue
        if digest(directory / name) != artifacts.get(name):
            problems.append(f"{name} is not the one whose digest release.json records")
    return problems


def tree_of(contract: Contract, version: str) -> Path | None:
    """Return where the release ``version`` lies on this machine; None if it does not."""
    releases = contract.releases
    candidates = [releases.expected, releases.previous] if releases else []
    for candidate in candidates:
        if (
            candidate
            and candidate.version == version
            and (path := contract.directory / candidate.path).is_dir()
        ):
            return path
    return None


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, or of the lines ``DIGEST  PATH`` of a folder's files (``sha256sum``).

    Compiled files are left out; None if there is nothing.
    """
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = (
        [file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
        if path.is_dir()
        else []
    )
    lines = [f"{digest(file)}  {file.relative_to(path.parent).as_posix()}\n" for file in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None


@check("set identity")
@dataclass(frozen=True, slots=True)
class SetIdentity:
    """Identity of the opened set by its own manifest, and by the catalogue."""

    of_set: Mapping[str, Any]
    of_catalogue: Mapping[str, Any] | None

    @when("the backup set is held against its catalogue")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> SetIdentity:
        """Compare digest, Merkle root and recovery point of the opened set with the catalogue's."""
        manifest, catalogue = restore_context.backup.manifest, restore_context.catalogue
        of_set = {
            "set": manifest.set_id,
            "stack": manifest.stack,
            "recovery point": manifest.recovery_point.isoformat(),
            "manifest": restore_context.backup.manifest_sha256,
            "release": manifest.release,
        }
        if catalogue is None:
            return cls(of_set, None)
        of_catalogue = {
            "set": catalogue.set_id,
            "stack": catalogue.stack,
            "recovery point": catalogue.recovery_point.isoformat(),
            "manifest": catalogue.manifest_sha256,
            "release": catalogue.release or "",
        }
        return cls(of_set, of_catalogue)

    @then("it is the very set that was taken")
    def the_catalogued(self) -> Observation:
        """The set is the very one that the catalogue describes."""
        expected = "the set is the one that the catalogue describes"
        if self.of_catalogue is None:
            return not_verified(expected, "there is no catalogue to compare with")
        return compare(expected, self.of_catalogue, self.of_set, unit="marks of identity")
