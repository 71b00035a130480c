"""Files of the set: identity, release, proxy, custody, and what must not be in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from restoreproof.backups.manifest import new_id
from restoreproof.faults.base import Fault, FaultMissed
from restoreproof.faults.setcopy import SetCopy

CATALOGUE, FORBIDDEN = "set/catalogue", "backup/forbidden-material"
RPO = "objectives/rpo"
RELEASE, PROXY, CUSTODY = "backup/release-artifacts", "restore/proxy", "backup/custody-records"


def _private_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _plant_key(copy: SetCopy) -> None:
    like = copy.objects("exports")[0]
    copy.add_object("exports", like, "forgotten/id_ed25519", _private_key())


def _key_in_custody(copy: SetCopy) -> None:
    record = {"record": "note", "key": _private_key().decode()}
    copy.path("custody/note.json").write_text(json.dumps(record))


def _edit_release(copy: SetCopy) -> None:
    path = copy.path("release/release.json")
    described = json.loads(path.read_text())
    described["artifacts"]["wipe_platform"] = "0" * 64
    path.write_text(json.dumps(described))


def _swap_sbom(copy: SetCopy) -> None:
    path = copy.path("release/sbom.cdx.json")
    path.write_text(path.read_text() + "\n")


def _send_outside(copy: SetCopy) -> None:
    path = copy.path("proxy/nginx.conf")
    text = path.read_text()
    if "location / {" not in text:
        raise FaultMissed("the proxy's configuration has no location /")
    outside = (
        "location /legacy/ {\n            proxy_pass http://192.0.2.7:80;\n        }\n        location / {"
    )
    path.write_text(text.replace("location / {", outside, 1))


def _break_proxy(copy: SetCopy) -> None:
    path = copy.path("proxy/nginx.conf")
    path.write_text(path.read_text() + "\nno_such_directive on;\n")


def _other_certificate(copy: SetCopy) -> None:
    path = copy.path("proxy/tls.crt")
    path.write_text(path.read_text().strip() + "\n\n")


def _answer(*blocks: str) -> Callable[[SetCopy], None]:
    """Let the proxy answer by itself what the platform should answer."""

    def damage(copy: SetCopy) -> None:
        path = copy.path("proxy/nginx.conf")
        path.write_text(path.read_text().replace("location / {", "\n".join([*blocks, "location / {"]), 1))

    return damage


def _newer_objects(copy: SetCopy) -> None:
    """State that the exports were written long after the database's snapshot."""
    late = copy.manifest.recovery_point + timedelta(hours=1)
    copy.reindex("exports", [replace(one, last_modified=late) for one in copy.objects("exports")])


def _mix_runs(copy: SetCopy) -> None:
    copy.overwrite_manifest(copy.manifest.model_copy(update={"run_id": new_id()}))


def _empty_dump(copy: SetCopy) -> None:
    copy.path("postgres/database/wipe.dump").write_bytes(b"")


def _truncate_dump(copy: SetCopy) -> None:
    path = copy.path("postgres/database/wipe.dump")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


FAULTS = (
    Fault(
        "planted-key",
        "a private key lies among the exported reports",
        (FORBIDDEN,),
        on_set=_plant_key,
    ),
    Fault(
        "key-in-custody",
        "a custody record holds a private key",
        (CUSTODY,),
        also=(FORBIDDEN,),
        on_set=_key_in_custody,
    ),
    Fault(
        "other-code", "the recorded digest is not that of the code on hand", (RELEASE,), on_set=_edit_release
    ),
    Fault("other-sbom", "the SBOM is not the one whose digest is recorded", (RELEASE,), on_set=_swap_sbom),
    Fault("proxy-outside", "the proxy sends some requests to a host outside", (PROXY,), on_set=_send_outside),
    Fault(
        "other-certificate",
        "the proxy's certificate is not the one of the environment",
        (PROXY,),
        on_set=_other_certificate,
    ),
    Fault(
        "broken-proxy",
        "the proxy's configuration has a directive that nginx does not know",
        (),
        stops="api",
        on_set=_break_proxy,
    ),
    Fault(
        "mixed-runs",
        "the manifest is of another backup run",
        (CATALOGUE, "backup/set-identity"),
        on_set=_mix_runs,
        sealed=False,
    ),
    Fault(
        "wrong-digest",
        "a file of the set was changed after it was sealed",
        (CATALOGUE,),
        also=(RELEASE,),
        on_set=_swap_sbom,
        sealed=False,
    ),
    Fault(
        "truncated-dump",
        "half of the database dump is missing",
        (CATALOGUE, "restore/database"),
        stops="database",
        on_set=_truncate_dump,
        sealed=False,
    ),
    Fault(
        "empty-dump",
        "the backup job wrote an empty database dump",
        ("restore/database",),
        stops="database",
        on_set=_empty_dump,
    ),
    Fault(
        "lost-globals",
        "the roles were not backed up",
        ("restore/database",),
        stops="database",
        on_set=lambda copy: copy.path("postgres/database/globals.sql").unlink(),
    ),
    Fault(
        "newer-objects",
        "the objects were copied an hour after the database",
        (RPO,),
        on_set=_newer_objects,
    ),
    Fault(
        "open-door",
        "the proxy answers the proof list by itself, to anybody",
        ("restore/login",),
        also=("restore/proof-list",),
        on_set=_answer('location = /api/proofs { default_type application/json; return 200 "{}"; }'),
    ),
    Fault(
        "forged-downloads",
        "the proxy answers every download by itself",
        ("restore/certificate-pdf", "restore/canonical-json", "restore/billing-report"),
        on_set=_answer(
            'location ~ [.]pdf$ { default_type application/pdf; return 200 "%PDF-1.7 forged"; }',
            'location ~ [.]json$ { default_type application/json; return 200 "{}"; }',
            'location ~ [.]csv$ { default_type text/csv; return 200 "month,units"; }',
        ),
    ),
    Fault(
        "credulous-verifier",
        "verification confirms whatever it is shown",
        ("restore/verify",),
        on_set=_answer(
            "location = /verify { default_type application/json; return 200 '{\"valid\": true}'; }"
        ),
    ),
    Fault(
        "late-recovery-point",
        "the newest record is older than the objective allows",
        (RPO,),
        # What was taken from a queue since the recovery point can't be told when that point is wrong.
        blinds=("restore/order", "restore/dead-letters-untouched"),
        also=("set/age",),  # of a set that was just taken, the point then lies after the drill began
        on_set=lambda copy: copy.shift_recovery_point(timedelta(minutes=16)),
    ),
)
