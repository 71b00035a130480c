"""Requests by contract names: they go where the service listens, and nowhere else."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from restoreproof.backups.missing import NotInTarget
from restoreproof.checks.base import Findings
from restoreproof.checks.endpoints import EndpointSurvey, Row, filled, positions, unfit
from restoreproof.checks.login import forge
from restoreproof.checks.web import StackTransport, UnknownHost, login_form, members
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.outcome import Outcome
from restoreproof.runtimes.base import Endpoint
from restoreproof.runtimes.tls import Tls
from tests.sandbox.external.front import Authority, Front, listening


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are silent."""


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    endpoint = Endpoint("shop", "shop", "127.0.0.1", server.server_port)
    lacking = NotInTarget("mail", "it is not listed")
    closed = EnvironmentUnfitError("the edge does not publish 9443")
    routes = {("shop.example", 8443): endpoint, ("mail", 25): lacking, ("signer", 9443): closed}
    transport = StackTransport(routes, ssl.create_default_context())
    with httpx.Client(transport=transport, trust_env=False) as opened:
        yield opened
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_that_the_target_lacks_is_told_only_to_whoever_asks_it(client: httpx.Client) -> None:
    with pytest.raises(NotInTarget, match="the target lacks mail: it is not listed"):
        client.get("http://mail:25/")


def test_a_port_without_a_way_there_is_no_refusal_of_the_stack(client: httpx.Client) -> None:
    """It is none of httpx's errors, which a check counts as found."""
    with pytest.raises(EnvironmentUnfitError, match="does not publish 9443"):
        client.get("https://signer:9443/")


def test_a_request_reaches_the_services_address_and_keeps_its_public_host(client: httpx.Client) -> None:
    answer = client.get("http://shop.example:8443/cart?item=1")
    assert answer.text == "shop.example:8443 /cart?item=1"
    assert answer.url.host == "shop.example"


@pytest.mark.parametrize(
    "url", ["http://elsewhere.example:8443/", "http://shop.example/", "http://127.0.0.1:1/"]
)
def test_no_other_host_or_port_is_ever_asked(client: httpx.Client, url: str) -> None:
    with pytest.raises(UnknownHost, match="no service of the contract"):
        client.get(url)


def test_the_login_form_is_found_among_others_with_its_hidden_fields() -> None:
    page = """
    <form action="/search"><input name="q" type="text"></form>
    <form id="x" action="https://id.example/auth?a=1&amp;b=2" method="post">
      <input type="hidden" name="credentialId" value="7">
      <input name="username" value="" type="text"><input name="password" type="password">
      <input type="checkbox" name="rememberMe"><input type="submit" name="login"></form>
    """
    form = login_form(page)
    assert form is not None
    assert form.action == "https://id.example/auth?a=1&b=2"
    assert form.filled("ann", "secret") == {"credentialId": "7", "username": "ann", "password": "secret"}


def test_a_page_without_a_form_asks_for_no_login() -> None:
    assert login_form('{"subject": "ann"}') is None
    assert login_form('<form action="/x"><input type="hidden" name="t"></form>') is None


def test_the_one_list_of_an_answer_is_found() -> None:
    assert list(members({"items": [{"id": 1}, {"id": 2}], "total": 2}, "id")) == [1, 2]
    assert list(members([{"id": 3}], "id")) == [3]


@pytest.mark.parametrize(
    "answer", [{"a": [], "b": []}, {"total": 3}, "text", {"items": [{"name": 1}]}, {"items": [1]}]
)
def test_an_answer_that_lists_nothing_recognisable_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="answer"):
        list(members(answer, "id"))


@pytest.mark.parametrize(("size", "total"), [(40, 212), (40, 40), (40, 3), (1, 9), (5, 0)])
def test_a_sample_is_spread_evenly_and_never_repeats(size: int, total: int) -> None:
    chosen = positions(size, total)
    assert len(chosen) == len(set(chosen)) == min(size, total)
    assert chosen == sorted(chosen)
    assert all(0 <= place < total for place in chosen)
    gaps = {later - place for place, later in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_placeholders_are_encoded() -> None:
    row: Row = {"number": "a/b 1", "other": 2}
    assert filled("/c/{number}.pdf", row) == "/c/a%2Fb%201.pdf"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(200, headers={"content-type": "text/csv; charset=utf-8"}, content=b"x"), None),
        (httpx.Response(302), "answers 302"),
        (httpx.Response(200, headers={"content-type": "text/html"}, content=b"x"), "text/html"),
        (httpx.Response(200, headers={"content-type": "text/csv"}), "nothing"),
    ],
)
def test_an_answer_is_fit_only_with_status_type_and_content(
    answer: httpx.Response, problem: str | None
) -> None:
    found = unfit(answer, "text/csv")
    assert found is None if problem is None else problem in (found or "")


def test_a_forged_cookie_differs_in_one_character() -> None:
    assert forge("Axyz") == "Bxyz"
    assert forge("qxyz") == "Axyz"


def asking(port: int, tls: Tls) -> httpx.Client:
    routes = {("idp", 8080): Endpoint("idp", "idp", "127.0.0.1", port, tls)}
    return httpx.Client(transport=StackTransport(routes, ssl.create_default_context()), trust_env=False)


def test_what_goes_by_tls_to_a_provider_is_verified_by_its_own_authorities(tmp_path: Path) -> None:
    own, other = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    behind = Endpoint("idp", "idp", "127.0.0.1", server.server_port)
    front = Front(behind, own.serving("localhost"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with listening(front):
        with asking(front.port, Tls("localhost", other.file)) as client:
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                client.get("http://idp:8080/realms/shop")
            assert not front.told
        with asking(front.port, Tls("localhost", own.file)) as client:
            assert client.get("http://idp:8080/realms/shop").text == "idp:8080 /realms/shop"
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint(*, altered: int = 0, unstored: int = 0, unasked: str | None = None) -> EndpointSurvey:
    """Five pages, compared with what is stored as far as something is."""
    findings = Findings()
    for number in range(altered):
        findings.add(f"/{number}: differs")
    requests = 0 if unasked else 5
    compared = requests - unstored
    return EndpointSurvey(
        "page", "anybody", requests, 5, "all", Findings(), compared, findings, 0, 0, Findings(), unasked,
    )  # fmt: skip


def test_answers_are_counted_as_they_came() -> None:
    assert endpoint().answered().observed == "5 of 5 requests answered"
    told = endpoint(altered=2, unstored=1).intact()
    assert (told.outcome, told.observed, told.examined) == (
        Outcome.FAILED, "3 of 5 answers equal what was stored", 4
    )  # fmt: skip


def test_without_a_login_nothing_was_asked_for_and_nothing_is_said_of_the_answers() -> None:
    survey = endpoint(unasked="anna can't log in")
    told = survey.answered()
    assert (told.outcome, told.examined, told.findings) == (Outcome.FAILED, 0, ("anna can't log in",))
    assert told.observed == "nothing was asked for"
    assert {survey.intact().outcome, survey.listed().outcome} == {Outcome.NOT_VERIFIED}
