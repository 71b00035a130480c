"""The compose file and the contract say the same, and the linter names the line where they do not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import crossplane
import pytest

from restoreproof.contract import Contract, load
from restoreproof.runtimes.compose.composefile import at_default, problems

_STACK = Path(__file__).parents[3] / "compose" / "wipe"
_COMPOSE = (_STACK / "compose.yaml").read_text()
_DATA = {"postgres": ("/var/lib/postgresql",), "s3": ("/data",)}


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """The reference contract, in a directory where a test may lay another compose file beside it."""
    shutil.copyfile(_STACK / "stack.yaml", tmp_path / "stack.yaml")
    (tmp_path / "docker").mkdir()
    shutil.copyfile(_STACK / "docker" / "edge.conf", tmp_path / "docker" / "edge.conf")
    return load(tmp_path / "stack.yaml")


def _beside(contract: Contract, text: str) -> list[str]:
    (contract.directory / "compose.yaml").write_text(text)
    return [f"{found.where.line}: {found}" for found in problems(contract, _DATA)]


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_reference_stack_agrees_with_its_contract() -> None:
    """What is shipped has no finding."""
    assert problems(load(_STACK / "stack.yaml"), _DATA) == []


def test_a_contract_without_a_compose_file_has_nothing_to_agree_with(contract: Contract) -> None:
    """The process runtime needs none."""
    assert problems(contract, _DATA) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("  signer:\n", "  singer:\n", "it has no service 'signer', which the contract has"),
        ('expose: ["8333"]', 'expose: ["8334"]', "service 's3' exposes 8334; by the contract it is 8333"),
        ("wipe-postgres:18", "wipe-postgres:17", "the image 'restoreproof/wipe-postgres:17'"),
        ("wipe-keycloak:26.7.3", "wipe-keycloak", "the image 'restoreproof/wipe-keycloak'"),
        ("[python, -m, wipe_platform.signer]", "[python, -m, wipe_platform.api]", "service 'signer' runs"),
        ("aliases: [wipe.example]", "aliases: [wipe.test]", "'nginx' is not reached as 'wipe.example'"),
        ("- 127.0.0.1::5432", "- 127.0.0.1:5432:5432", "only '127.0.0.1::PORT' takes a random port"),
        ("- 127.0.0.1::5432", "- 127.0.0.1::5433", "publishes 5433, a port that no service has"),
        ("  api:\n", "  api:\n    container_name: api\n", "'api' has a container_name"),
        ("  edge:\n    driver", "  edge:\n    name: edge\n    driver", "network 'edge' has a fixed name"),
        ("  worker:\n", "  worker:\n    network_mode: host\n", "'worker' has a network_mode"),
    ],
)
def test_each_contradiction_is_named(contract: Contract, was: str, becomes: str, said: str) -> None:
    """One change to the shipped file, one thing said about it."""
    assert was in _COMPOSE
    found = _beside(contract, _COMPOSE.replace(was, becomes, 1))
    assert any(said in one for one in found), found


def test_a_finding_has_the_line_of_the_key_that_is_wrong(contract: Contract) -> None:
    """Not the line of the service, where the key itself is there."""
    wrong = 'expose: ["9444"]'
    text = _COMPOSE.replace('expose: ["9443"]', wrong)
    assert _beside(contract, text) == [
        f"{_line(text, wrong)}: service 'signer' exposes 9444; by the contract it is 9443"
    ]


@pytest.mark.parametrize("lost", ["    internal: true\n", "inhibit_ipv4"])
def test_a_network_from_which_the_host_is_reached_is_refused(contract: Contract, lost: str) -> None:
    """An internal network alone still reaches the host at its gateway, so both are wanted."""
    found = _beside(contract, _COMPOSE.replace(lost, "" if "\n" in lost else "other"))
    assert sum("from which the host can be reached" in one for one in found) == len(contract.services)


def test_a_misspelt_service_is_suggested(contract: Contract) -> None:
    """Both halves of the mistake point at each other."""
    found = _beside(contract, _COMPOSE.replace("  webhook:\n    <<", "  webhok:\n    <<"))
    assert any("did you mean 'webhok'?" in one for one in found)
    assert any("service 'webhok' is not in the contract" in one and "'webhook'?" in one for one in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [", "not readable"),
        ("services:\n  a: {}\n  a: {}\n", "not readable: found duplicate key"),
        ("name: wipe\n", "it has no services"),
        ("", "it has no services"),
        ("services: {a: &a {x: *a}}\n", "it has no service"),
    ],
)
def test_a_broken_file_is_one_finding_and_no_traceback(contract: Contract, text: str, said: str) -> None:
    """Whatever stands there is told with a line."""
    assert said in _beside(contract, text)[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${IMAGE:-a/b:1}", "a/b:1"),
        ("${IMAGE:-a/b:${RELEASE:-1.5.0}}", "a/b:1.5.0"),
        ("a${EMPTY}b", "ab"),
        ("plain:1", "plain:1"),
    ],
)
def test_variables_stand_at_their_defaults(text: str, value: str) -> None:
    """Nested ones too."""
    assert at_default(text) == value


def test_the_edge_leads_to_every_port_of_the_contract_that_is_served() -> None:
    """Its map, its listeners and what is published are one list."""
    configuration = str(_STACK / "docker" / "edge.conf")
    blocks = crossplane.parse(configuration, strict=False)["config"][0]["parsed"]
    stream = next(block for block in blocks if block["directive"] == "stream")["block"]
    led = next(one for one in stream if one["directive"] == "map")["block"]
    server = next(
        one["block"]
        for one in stream
        if one["directive"] == "server" and any(line["directive"] == "proxy_pass" for line in one["block"])
    )
    listened = [line["args"][0] for line in server if line["directive"] == "listen"]
    published = re.findall(r"- 127\.0\.0\.1::(\d+)", _COMPOSE)
    assert [one["directive"] for one in led] == listened == published

    services = load(_STACK / "stack.yaml").services
    serving = {
        name: one for name, one in services.items() if name not in {"worker", "maintenance", "migrate"}
    }
    wanted = {f"{name}:{port}" for name, one in serving.items() for port in (one.port, *one.ports.values())}
    assert {one["args"][0] for one in led} == wanted
