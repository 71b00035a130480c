"""A person's login as a browser makes it, and what only a session opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

import httpx

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.web import LoginFailed, front_door, logged_in, public_client
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation


@check("login")
@dataclass(frozen=True, slots=True)
class Login:
    """One browser login, and what its session opens that stays closed without it."""

    person: str
    path: str | None
    problems: Findings

    @when('"{person}" logs in through the browser')
    @classmethod
    def look(cls, restore_context: RestoreContext, person: Annotated[str, Ref("person")]) -> Login:
        """Log in as a browser does; ask for one page with the session, without it and with a forged one."""
        path = next(_pages_of(restore_context, person), None)
        problems = Findings()
        if path is None:
            return cls(person, None, problems)
        session = front_door(restore_context).session or ""
        with restore_context.stack_context.phase(f"login of {person}"):
            try:
                with closing(logged_in(restore_context, person)) as client:
                    if (status := client.get(path).status_code) != httpx.codes.OK:
                        problems.add(f"with the session {path} answers {status}")
                    forged = forge(client.cookies[session])
            except (LoginFailed, httpx.HTTPError) as error:
                problems.add(str(error))
                return cls(person, path, problems)
            for circumstance, cookies in (
                ("without a session", {}),
                ("with a forged session", {session: forged}),
            ):
                with public_client(restore_context) as stranger:
                    stranger.cookies.update(cookies)
                    if stranger.get(path).is_success:
                        problems.add(f"{circumstance} {path} opens too")
        return cls(person, path, problems)

    @then("the login is accepted, and nothing is shown without it")
    def accepted(self) -> Observation:
        """The login ends with a session; a page opens with it, and neither without nor with a forged one."""
        expected = f"{self.person} can log in as before, and only a session opens what is behind the login"
        if self.path is None:
            return not_verified(expected, f"the contract has no endpoint that is asked for as {self.person}")
        observed = "logged in" if not self.problems.total else f"{self.problems.total} of 4 steps went wrong"
        return conclude(expected, observed, self.problems, examined=1, total=1)


def _pages_of(restore_context: RestoreContext, person: str) -> Iterator[str]:
    for block in restore_context.stack_context.contract.endpoints.values():
        if block.identity == person and "{" not in block.path and not block.post:
            yield block.path


def forge(cookie: str) -> str:
    """Return ``cookie`` with its first character changed: no signature of it verifies any longer."""
    if not cookie:
        raise ContractError("there is no session to forge")
    return ("A" if cookie[0] != "A" else "B") + cookie[1:]
