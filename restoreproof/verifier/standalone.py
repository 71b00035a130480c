"""The verifier for people who install nothing: its options, and signatures checked by the openssl program."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from restoreproof.verifier.answers import Key, Question, Refused, as_json, tell
from restoreproof.verifier.examination import examine
from restoreproof.verifier.options import directory_of, ledger_of, parse_age, parse_head, read_key_file

USAGE = """Check the evidence of a restore drill with Python's standard library and the openssl program.

Exit code 0: authentic, fresh and VERIFIED. 1: not authentic, or the drill FAILED; the words say which.
3: not verified, partial or stale. 2: this command could not start. The key must have come to you by another
way than the evidence did: a key that lies beside the evidence proves nothing."""

_DIGESTS = {b"P-384": "sha384", b"P-521": "sha512"}
"""Which digest goes with a curve; P-256 and RSA take SHA-256."""


def _openssl_key(path: Path) -> Key:
    pem, keyid, not_before, not_after = read_key_file(path)
    scheme = _scheme(pem)

    def accepts(message: bytes, signature: bytes) -> bool:
        with tempfile.TemporaryDirectory() as scratch:
            files = {"key": pem, "message": message, "signature": signature}
            for name, data in files.items():
                Path(scratch, name).write_bytes(data)
            argv = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "message"]
            done = subprocess.run(
                [*argv, "-sigfile", "signature", *scheme], cwd=scratch, capture_output=True, check=False
            )
        return done.returncode == 0

    return Key(keyid, accepts, not_before, not_after)


def _scheme(pem: bytes) -> list[str]:
    """Return what openssl needs beside the key: nothing for Ed25519."""
    done = subprocess.run(["openssl", "pkey", "-pubin", "-noout", "-text"], input=pem, capture_output=True,
                          check=False)  # fmt: skip
    if done.returncode:
        raise Refused(f"openssl can't read the key: {done.stderr.decode(errors='replace').strip()[:200]}")
    if b"ED25519" in done.stdout:
        return []
    if b"Modulus" in done.stdout:
        return ["-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    digest = next((digest for curve, digest in _DIGESTS.items() if curve in done.stdout), "sha256")
    return ["-digest", digest]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the public key, from elsewhere")
    parser.add_argument("--ledger", type=Path, help="default: ledger.jsonl beside the directory")
    parser.add_argument("--without-ledger", action="store_true")
    parser.add_argument("--head", help="SEQ:SHA256 of a ledger entry, as a drill printed it")
    parser.add_argument("--max-age", default="30d", help="30d (the default), 12h, or none")
    parser.add_argument("--drill", help="the drill's id, if the directory was renamed")
    parser.add_argument("--approver-key", type=Path, action="append", default=[])
    parser.add_argument("--json", action="store_true")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Answer on standard output; the exit code says the same."""
    options = _arguments().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # an answer is due on any terminal
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        directory = directory_of(options.directory)
        answer = examine(
            Question(
                directory,
                _openssl_key(options.key),
                None if options.without_ledger else ledger_of(directory, options.ledger),
                parse_head(options.head),
                parse_age(options.max_age),
                options.drill,
                tuple(map(_openssl_key, options.approver_key)),
            )
        )
    except (Refused, OSError) as error:
        print(f"verify_evidence.py: {error}", file=sys.stderr)
        return 2
    answer.not_recomputed("`restoreproof verify` does it")
    print(json.dumps(as_json(answer)) if options.json else "\n".join(tell(answer)))
    return answer.exit_code
