"""Where a proxy sends requests, and digests of release trees."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from restoreproof.assets.proxy import destinations
from restoreproof.backups.objects import ObjectEntry
from restoreproof.checks.buckets import different
from restoreproof.checks.configuration import ProxySurvey, digest, target
from restoreproof.outcome import Outcome

CONFIG = """
events {}
http {
  upstream pool { server api:8000; server api2:8000 backup; }
  server {
    listen 1.1.1.1:80;
    location / { proxy_pass http://pool/x; }
    location /id/ { proxy_pass http://keycloak:8080; }
    location /x/ { fastcgi_pass 10.0.0.1:9000; }
    location /v/ { if ($a) { proxy_pass https://$b; } }
  }
}
"""


def test_every_destination_is_found_and_an_upstream_stands_for_its_servers(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(CONFIG)
    assert destinations(str(path)) == [
        "api:8000", "api2:8000", "http://keycloak:8080", "10.0.0.1:9000", "https://$b"
    ]  # fmt: skip


def test_an_include_is_a_destination_that_cannot_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n")
    assert destinations(str(path)) == ["include /etc/nginx/conf.d/*.conf"]


def test_what_nginx_would_not_parse_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("http { server {")
    with pytest.raises(ValueError, match=r"nginx\.conf"):
        destinations(str(path))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("http://api:8000/x", ("api", 8000)),
        ("https://api", ("api", 443)),
        ("api:8000", ("api", 8000)),
        ("http://api:$port", ("api", 0)),
    ],
)
def test_host_and_port_of_a_destination(written: str, wanted: tuple[str, int]) -> None:
    assert target(written) == wanted


def test_a_foreign_destination_and_a_missing_route_fail() -> None:
    assert ProxySurvey(("http://api:1",), (), (), "x", ()).internal().outcome is Outcome.PASSED
    foreign = ProxySurvey(("http://evil:1",), ("http://evil:1",), ("api",), "x", ()).internal()
    assert foreign.outcome is Outcome.FAILED
    assert foreign.findings_total == 2
    assert ProxySurvey((), (), (), "x", ()).internal().outcome is Outcome.NOT_VERIFIED


def test_a_folders_digest_is_what_sha256sum_of_its_files_gives(tmp_path: Path) -> None:
    for name, text in (("a/z.py", "1"), ("a/b/c.py", "2"), ("a/b.py", "3"), ("a/x.pyc", "4")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    files = ["a/b/c.py", "a/b.py", "a/z.py"]
    listed = subprocess.run(["sha256sum", *files], cwd=tmp_path, capture_output=True, check=True).stdout
    assert digest(tmp_path / "a") == hashlib.sha256(listed).hexdigest()
    assert digest(tmp_path / "nothing") is None


def test_metadata_and_content_type_are_compared() -> None:
    entry = ObjectEntry("k", 1, "0" * 64, content_type="text/csv", metadata={"tenant": "a"})
    assert different(entry, {"Content-Type": "text/csv", "tenant": "a"}) is None
    assert "content type" in (different(entry, {"Content-Type": "text/html", "tenant": "a"}) or "")
    assert "tenant" in (different(entry, {"Content-Type": "text/csv"}) or "")
    assert "extra" in (different(entry, {"Content-Type": "text/csv", "tenant": "a", "extra": "b"}) or "")
