"""RFC 3161 tokens from an authority of our own, made with openssl and asked over HTTP."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.sealing.timestamp import check_token, stamp, token_of
from restoreproof.verifier.answers import Answer
from restoreproof.verifier.formats import ATTESTATION
from tests.unit.sealing.sealed import Desk

CONFIG = """
[req]
distinguished_name = name
prompt = no
x509_extensions = tsa
[name]
CN = A time stamping authority of this test
[tsa]
extendedKeyUsage = critical,timeStamping
basicConstraints = critical,CA:true
[ts]
default_tsa = here
[here]
dir = .
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """A time stamping authority: its certificate, and where it answers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "ts.cnf").write_text(CONFIG)
        (directory / "serial").write_text("01")
        self._openssl(
            "req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.pem -days 30 -config ts.cnf"
        )
        self.certificate = directory / "tsa.pem"

    def _openssl(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.directory, capture_output=True, check=True)

    def reply(self, query: bytes) -> bytes:
        (self.directory / "query").write_bytes(query)
        self._openssl("ts -reply -config ts.cnf -section here -queryfile query -out reply")
        return (self.directory / "reply").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def url(authority: Authority) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/tsr" else 500)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def checked(directory: Path, certificate: Path) -> Answer:
    answer = Answer()
    check_token(directory, certificate, answer)
    return answer


def test_a_token_lies_beside_the_evidence_and_its_time_is_told(
    desk: Desk, authority: Authority, url: str
) -> None:
    directory = desk.file("d1")
    assert stamp(directory, f"{url}/tsr") == token_of(directory)
    answer = checked(directory, authority.certificate)
    assert answer.findings == []
    assert answer.notes[0].startswith("timestamped ")
    assert desk.verify(directory).exit_code == 0


def test_a_token_of_other_evidence_or_by_another_authority_is_refused(
    desk: Desk, authority: Authority, url: str, tmp_path: Path
) -> None:
    first, second = desk.file("d1"), desk.file("d2")
    stamp(first, f"{url}/tsr").rename(token_of(second))
    assert "is missing" in checked(first, authority.certificate).findings[0].what
    assert "no timestamp of this attestation" in checked(second, authority.certificate).findings[0].what
    stamp(first, f"{url}/tsr")
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    assert "no timestamp of this attestation" in checked(first, other.certificate).findings[0].what


def test_an_attestation_that_was_edited_after_its_token_is_refused(
    desk: Desk, authority: Authority, url: str
) -> None:
    directory = desk.file("d1")
    stamp(directory, f"{url}/tsr")
    attestation = directory / ATTESTATION
    attestation.write_bytes(attestation.read_bytes() + b" ")
    assert checked(directory, authority.certificate).findings


def test_an_authority_that_fails_leaves_no_token(desk: Desk, url: str) -> None:
    directory = desk.file("d1")
    with pytest.raises(EnvironmentUnfitError, match="no timestamp from"):
        stamp(directory, f"{url}/broken")
    assert not token_of(directory).exists()
