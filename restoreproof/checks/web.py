"""Speaking HTTP to the restored stack as the world does: by its public name, through its front door."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.keycloak import KeycloakAsset, Person
from restoreproof.backups.missing import NotInTarget
from restoreproof.contract.interfaces import Public
from restoreproof.errors import ContractError, EnvironmentUnfitError, RestoreproofError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Endpoint, Runtime
from restoreproof.runtimes.tls import Tls

TIMEOUT_S = 30.0
MAX_FORMS = 3
"""Pages that a login may take: some identity providers ask for name and password on pages of their own."""

Routes = Mapping[tuple[str, int], Endpoint | NotInTarget | EnvironmentUnfitError]
"""Where each name and port leads; or why it leads nowhere, which only whoever goes there is told."""


class LoginFailed(RestoreproofError):
    """The restored stack did not let a person in who has an account."""


class UnknownHost(httpx.UnsupportedProtocol):
    """A request was sent to a host that is no service of the contract; it was not made."""


class StackTransport(httpx.BaseTransport):
    """Transport of requests for the contract's names: to where its services listen, and nowhere else.

    Host and SNI stay what the URL says, so that routing and certificates are proven by the public name.
    """

    def __init__(self, routes: Routes, verify: ssl.SSLContext) -> None:
        self._routes = routes
        self._inner = httpx.HTTPTransport(verify=verify, trust_env=False)
        self._others: dict[Tls, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to where its host and port are.

        Raises:
            UnknownHost: they are no service's.
            NotInTarget, EnvironmentUnfitError: the target lacks it, or the harness has no way there.
        """
        url = request.url
        port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
        endpoint = self._routes.get((url.host, port))
        if endpoint is None:
            raise UnknownHost(f"{url.host}:{port} is no service of the contract", request=request)
        if isinstance(endpoint, Exception):
            raise endpoint
        tls = endpoint.tls
        forwarded = httpx.Request(
            request.method,
            url.copy_with(scheme="https" if tls else url.scheme, host=endpoint.address, port=endpoint.port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": tls.name if tls else url.host},
        )
        return (self._managed(tls) if tls else self._inner).handle_request(forwarded)

    def _managed(self, tls: Tls) -> httpx.HTTPTransport:
        """To what a provider keeps: by its own name and authorities, which the restored ones do not know."""
        if tls not in self._others:
            self._others[tls] = httpx.HTTPTransport(verify=tls.context(), trust_env=False)
        return self._others[tls]

    def close(self) -> None:
        for transport in (self._inner, *self._others.values()):
            transport.close()


def routes(restore_context: RestoreContext) -> Routes:
    """Return every name and port of the contract's services, and where each listens."""
    runtime = restore_context.stack_context.runtime
    ports: dict[tuple[str, int], Endpoint | NotInTarget | EnvironmentUnfitError] = {}
    for name, service in restore_context.stack_context.contract.services.items():
        for label, port in {"main": service.port, **service.ports}.items():
            for host in (name, *service.names):
                ports[host, port] = _route(runtime, name, label)
    return ports


def _route(runtime: Runtime, service: str, port: str) -> Endpoint | NotInTarget | EnvironmentUnfitError:
    try:
        return runtime.endpoint(service, port)
    except (NotInTarget, EnvironmentUnfitError) as error:
        return error


def front_door(restore_context: RestoreContext) -> Public:
    """Return the contract's ``public:``. Raises ContractError if it has none."""
    public = restore_context.stack_context.contract.public
    if public is None:
        raise ContractError("the contract has no public:, so nobody can ask the stack from outside")
    return public


def public_url(restore_context: RestoreContext) -> str:
    """Return the public address in the restored environment."""
    return restore_context.stack_context.vault.public(front_door(restore_context).url).rstrip("/")


def stack_client(restore_context: RestoreContext) -> httpx.Client:
    """Return a client for services by their contract names; TLS is verified by the restored public CA."""
    public, vault = restore_context.stack_context.contract.public, restore_context.stack_context.vault
    ca = vault.pem(public.ca).decode() if public and public.ca else None
    verify = ssl.create_default_context(cadata=ca)
    return httpx.Client(
        transport=StackTransport(routes(restore_context), verify), timeout=TIMEOUT_S, trust_env=False
    )


def public_client(restore_context: RestoreContext) -> httpx.Client:
    """Return a client whose relative URLs are of the public address; it follows no redirect by itself."""
    client = stack_client(restore_context)
    client.base_url = httpx.URL(public_url(restore_context))
    return client


def logged_in(restore_context: RestoreContext, person: str) -> httpx.Client:
    """Return a client that carries the session of ``person``, after the login that a browser makes.

    Raises:
        LoginFailed: the login did not end at the public address with a session cookie.
        ContractError: the contract names no such person or no login.
    """
    public, block = front_door(restore_context), _person(restore_context, person)
    if public.login is None or public.session is None:
        raise ContractError("public: names no login and session, so nobody can log in")
    vault, client = restore_context.stack_context.vault, public_client(restore_context)
    user, password = vault.secret(block.user).reveal(), vault.secret(block.password).reveal()
    try:
        page = client.get(public.login, follow_redirects=True)
        for _ in range(MAX_FORMS):
            form = login_form(page.text)
            if form is None:
                break
            page = client.post(
                page.url.join(form.action), data=form.filled(user, password), follow_redirects=True
            )
            if form.password:
                break
        _must_have_session(client, page, public.session, public_url(restore_context))
        sessions = [
            Secret(f"cookie {cookie.name} of {person}", cookie.value or "") for cookie in client.cookies.jar
        ]
        restore_context.stack_context.register_secrets(sessions)
    except httpx.HTTPError as error:
        client.close()
        raise LoginFailed(f"the login of {person} broke off: {type(error).__name__}: {error}") from error
    except LoginFailed:
        client.close()
        raise
    return client


def _must_have_session(client: httpx.Client, page: httpx.Response, session: str, url: str) -> None:
    if urlsplit(str(page.url)).netloc != urlsplit(url).netloc:
        raise LoginFailed(f"the login ended at {page.url.host}, not at the public address")
    if login_form(page.text):
        raise LoginFailed(f"the login was refused: {page.url.path} asks again")
    if session not in client.cookies:
        raise LoginFailed(f"the login ended at {page.url.path} with {page.status_code} and no session cookie")
    if not page.is_success:
        raise LoginFailed(f"the login ended at {page.url.path} with {page.status_code}")


def _person(restore_context: RestoreContext, name: str) -> Person:
    for asset in restore_context.stack_context.assets():
        if isinstance(asset, KeycloakAsset) and name in asset.people:
            return asset.people[name]
    raise ContractError(f"no identity asset has a person {name!r}")


@dataclass(slots=True)
class Form:
    """A login form: where it is sent, what it carries already, and the fields a person fills in."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    password: str | None = None

    def filled(self, user: str, password: str) -> dict[str, str]:
        """Return what a browser sends once the person has typed."""
        typed = dict(self.hidden)
        if self.user:
            typed[self.user] = user
        if self.password:
            typed[self.password] = password
        return typed


def login_form(page: str) -> Form | None:
    """Return the first form of ``page`` that asks for a password, else for a name; None if none does."""
    parser = _Forms()
    parser.feed(page)
    asking = [form for form in parser.forms if form.password or form.user]
    return next((form for form in asking if form.password), asking[0] if asking else None)


class _Forms(HTMLParser):
    _TYPED: ClassVar[frozenset[str]] = frozenset({"text", "email", ""})

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(values.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and values.get("name"):
            self._field(self._open, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _field(self, form: Form, values: Mapping[str, str]) -> None:
        kind = values.get("type", "").lower()
        if kind == "password":
            form.password = values["name"]
        elif kind == "hidden":
            form.hidden[values["name"]] = values.get("value", "")
        elif kind in self._TYPED and form.user is None:
            form.user = values["name"]


def members(answer: object, name: str) -> Iterator[object]:
    """Yield the member ``name`` of each object in the only list of a JSON answer, or in the answer itself.

    Raises ValueError if the answer holds no list, or several.
    """
    lists = [answer] if isinstance(answer, list) else []
    if isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list)]
    if len(lists) != 1:
        raise ValueError(f"the answer holds {len(lists)} lists")
    for item in lists[0]:
        if not isinstance(item, dict) or name not in item:
            raise ValueError(f"the answer lists something without {name!r}")
        yield item[name]
