"""What every component has to hold, as tests to inherit.

An author subclasses the suite in a test module, and pytest collects what it inherits::

    class TestRedisComponent(ComponentSuite):
        name = "redis"
        contract = Path("stack/stack.yaml")
        service = "redis"
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from restoreproof.assets.base import StackContext
from restoreproof.components import registry as components
from restoreproof.contract import Contract, load
from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import container_component
from restoreproof.runtimes.process.component import process_component
from restoreproof.testing.fake_stack import FakeStack
from restoreproof.testing.local_stack import local_stack

NO_SUCH_KEY = "a-key-that-no-component-has"


class ComponentSuite:
    """What a component has to hold: its options, its process, and its container as far as it can be told.

    ``contract`` is a ``stack.yaml`` whose ``service`` is of the component ``name``; ``start`` is what a drill
    would give the service, where it does not start without.
    """

    name: ClassVar[str]
    contract: ClassVar[Path]
    service: ClassVar[str]
    start: ClassVar[Start] = Start()

    @pytest.fixture
    def loaded(self) -> Contract:
        """The contract of the suite."""
        return load(self.contract)

    @pytest.fixture
    def started(self, loaded: Contract, tmp_path: Path) -> Iterator[tuple[StackContext, FakeStack]]:
        """The service, running."""
        with local_stack(loaded, tmp_path) as (stack_context, events):
            stack_context.runtime.start(self.service, self.start)
            yield stack_context, events

    def test_it_is_registered_under_the_name_that_contracts_write(self, loaded: Contract) -> None:
        assert loaded.services[self.service].component == self.name
        assert components.component(self.name) is not None

    def test_it_refuses_an_option_that_it_does_not_know(self, loaded: Contract) -> None:
        service = loaded.services[self.service]
        odd = service.model_copy(update={NO_SUCH_KEY: 1})
        odd.__pydantic_extra__ = {**(service.model_extra or {}), NO_SUCH_KEY: 1}
        with pytest.raises(ContractError, match=NO_SUCH_KEY):
            process_component(self.service, odd)

    def test_it_answers_on_its_own_address_when_it_is_ready(
        self, started: tuple[StackContext, FakeStack]
    ) -> None:
        endpoint = started[0].runtime.endpoint(self.service)
        socket.create_connection((endpoint.address, endpoint.port), timeout=5).close()

    def test_it_listens_to_nothing_but_loopback(self, started: tuple[StackContext, FakeStack]) -> None:
        elsewhere = {
            connection.laddr.ip
            for process in psutil.Process().children(recursive=True)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and not ip_address(connection.laddr.ip).is_loopback
        }
        assert elsewhere == set()

    def test_no_password_stands_in_its_command_line(self, started: tuple[StackContext, FakeStack]) -> None:
        stack_context, events = started
        try:
            password = stack_context.runtime.administrator(self.service).password.reveal()
        except ContractError:
            return  # a component that has no administrator has no password of one
        lines = [process.cmdline() for process in psutil.Process().children(recursive=True)]
        assert password not in repr(lines)
        assert password not in repr(events.events)

    def test_it_starts_again_after_it_was_stopped(self, started: tuple[StackContext, FakeStack]) -> None:
        runtime = started[0].runtime
        runtime.stop(self.service)
        assert not runtime.running(self.service)
        runtime.start(self.service, self.start)
        assert runtime.running(self.service)

    def test_it_refuses_a_tool_that_it_does_not_have(self, started: tuple[StackContext, FakeStack]) -> None:
        with pytest.raises(ContractError, match="no-such-tool"):
            started[0].runtime.run_tool(self.service, "no-such-tool", [])

    def test_its_container_hands_no_password_to_a_command_line(self, loaded: Contract) -> None:
        container = container_component(self.service, loaded.services[self.service]).container(self.start)
        if container.administrator:
            assert container.administrator.password.reveal() not in repr(container.arguments)
        assert all(isinstance(content, bytes) for content in container.files.values())
