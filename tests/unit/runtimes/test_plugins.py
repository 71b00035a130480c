"""Components and runtimes come through entry points, the library's own and anybody's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from restoreproof import doors
from restoreproof.components import registry as components
from restoreproof.components.base import ComponentOptions
from restoreproof.contract import json_schema
from restoreproof.contract.loader import parse
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError, ExitCode, PluginError, UsageError
from restoreproof.runtimes import DEFAULT, registry
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import container_component, data_places
from restoreproof.runtimes.driver import RuntimeDriver
from restoreproof.runtimes.external.client import Client, client_of
from restoreproof.runtimes.external.marker import reader_of
from restoreproof.runtimes.process.component import process_component
from restoreproof.testing.plugins import register
from tests.contracts import SHOP

OPTIONS = """
from restoreproof.components.base import ComponentOptions
class TapeOptions(ComponentOptions):
    reels: int = 1
OPTIONS = TapeOptions
"""
PROCESS = """
from restoreproof.runtimes.process.component import Launch, ProcessComponent
class TapeProcess(ProcessComponent):
    def prepare(self, site, start):
        return Launch(argv=["tape", str(self.options.reels)], ready=print, what="the tape turns")
PART = TapeProcess
"""
CONTAINER = """
from restoreproof.runtimes.compose.component import ContainerComponent
class TapeContainer(ContainerComponent):
    data = ("/reels",)
PART = TapeContainer
"""
MARKER = """
from restoreproof.runtimes.external.marker import MarkerReader
class TapeMarker(MarkerReader):
    def read(self, service, endpoint, administrator):
        return []
PART = TapeMarker
"""
CLIENT = """
from restoreproof.runtimes.external.client import Client
class TapeClient(Client):
    def variables(self, host, port, administrator):
        return {"TAPE": host}
PART = TapeClient
"""
WHOLE = {"options": OPTIONS, "process": PROCESS, "container": CONTAINER, "marker": MARKER, "client": CLIENT}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory of installed distributions, on the module path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    doors.entries.cache_clear()
    yield tmp_path
    doors.entries.cache_clear()


def install(site: Path, distribution: str, package: str, modules: dict[str, str], name: str = "tape") -> None:
    """Lay out a distribution with one component as an installer does."""
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{doors.COMPONENTS}]\n{name} = {package}\n")
    (site / package).mkdir()
    (site / package / "__init__.py").touch()
    for module, source in modules.items():
        (site / package / f"{module}.py").write_text(source)


def tape(**options: object) -> Service:
    """A service of that component."""
    return Service.model_validate({"component": "tape", "port": 1234, "starts": "data", **options})


def test_the_library_registers_its_own_like_anybody() -> None:
    assert {"postgres", "keycloak", "nginx", "python", "seaweedfs"} < set(components.names())
    assert set(registry.names()) == {"compose", "external", "process"}
    assert DEFAULT in registry.names()
    assert {type(registry.driver(name)).name for name in registry.names()} == set(registry.names())


def test_one_folder_of_another_distribution_serves_every_runtime(site: Path) -> None:
    install(site, "acme-tape", "acme_tape", WHOLE)
    launch = process_component("db", tape(reels=3)).prepare(None, Start())  # type: ignore[arg-type]
    assert launch.argv == ["tape", "3"]
    assert container_component("db", tape()).container(Start(arguments=["-v"])).arguments == ["-v"]
    assert data_places("tape") == ("/reels",)
    assert reader_of("tape") is not None
    assert client_of("tape").variables("host", 1, None) == {"TAPE": "host"}  # type: ignore[arg-type]


def test_what_a_component_lacks_it_can_not_do(site: Path) -> None:
    install(site, "acme-bare", "acme_bare", {})
    with pytest.raises(ContractError, match="'db': the component 'tape' has no part 'process'") as refused:
        process_component("db", tape())
    assert refused.value.exit_code == ExitCode.COULD_NOT_START
    assert reader_of("tape") is None
    assert type(client_of("tape")) is Client
    bare = components.component("tape")
    assert bare is not None
    assert bare.options() is ComponentOptions


def test_a_key_that_the_component_does_not_know_is_refused_by_name(site: Path) -> None:
    install(site, "acme-keys", "acme_keys", WHOLE)
    with pytest.raises(ContractError, match="service 'db' \\(tape\\): rels: Extra inputs"):
        process_component("db", tape(rels=3))


@pytest.mark.parametrize(
    ("module", "source", "cause"),
    [
        ("process", "import no_such_module_at_all\n", "ModuleNotFoundError"),
        ("process", "raise SystemExit('unfit')\n", "SystemExit: unfit"),
        ("process", "OTHER = 1\n", "has no attribute 'PART'"),
        ("process", "PART = dict\n", "PART of its module 'process' is no ProcessComponent"),
        (
            "process",
            PROCESS.replace("def prepare", "def other"),
            "PART of its module 'process' lacks prepare",
        ),
        ("options", "OPTIONS = 7\n", "OPTIONS of its module 'options' is no ComponentOptions"),
    ],
)
def test_a_part_that_can_not_be_used_is_named_with_its_distribution(
    site: Path, module: str, source: str, cause: str
) -> None:
    package = f"acme_sick_{abs(hash((module, source)))}"
    install(site, "acme-sick", package, {**WHOLE, module: source})
    with pytest.raises(PluginError) as refused:
        process_component("db", tape())
    assert refused.value.exit_code == ExitCode.COULD_NOT_START
    assert "acme-sick 1.0" in refused.value.message
    assert cause in refused.value.message


def test_a_component_that_is_one_module_is_refused(site: Path) -> None:
    install(site, "acme-flat", "acme_flat", {"tape": ""})
    (site / "acme_flat_module.py").write_text("")
    (site / "acme_flat-1.0.dist-info" / "entry_points.txt").write_text(
        f"[{doors.COMPONENTS}]\ntape = acme_flat_module\n"
    )
    with pytest.raises(PluginError, match=r"acme_flat_module, of acme-flat 1\.0.* is no package"):
        process_component("db", tape())


def test_two_components_of_one_name_are_refused_with_both_distributions(site: Path) -> None:
    install(site, "acme-one", "acme_one", {})
    install(site, "acme-two", "acme_two", {})
    with pytest.raises(PluginError, match=r"two plug-ins are called 'tape'.*acme-one.*acme-two"):
        process_component("db", tape())


def test_the_command_line_ends_with_two_and_no_traceback(site: Path) -> None:
    install(site, "acme-again", "acme_again", {}, name="postgres")
    contract = Path(__file__).parents[3] / "compose/wipe/stack.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "restoreproof.cli", "lint", str(contract)],
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
        cwd=contract.parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.COULD_NOT_START
    assert "two plug-ins are called 'postgres'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_component_that_nobody_registers_is_refused_with_those_there_are() -> None:
    service = Service.model_validate({"component": "ruby", "port": 1, "starts": "data"})
    with pytest.raises(ContractError, match="no component 'ruby'") as refused:
        process_component("web", service)
    assert "nginx" in str(refused.value.hint)


class Cloud(RuntimeDriver):
    """A runtime of somebody else's."""

    name = "cloud"
    prepare = outer = probes = inner = None  # type: ignore[assignment]


def test_a_runtime_of_another_distribution_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, doors.RUNTIMES, "cloud", Cloud)
    assert isinstance(registry.driver("cloud"), Cloud)
    with pytest.raises(UsageError, match="no runtime 'clud'") as refused:
        registry.driver("clud")
    assert "cloud" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        (object(), "is no RuntimeDriver"),
        (Cloud, "calls itself 'cloud'"),
        (RuntimeDriver, "lacks inner, outer, prepare, probes"),
    ],
)
def test_a_runtime_that_can_not_be_one_is_refused_with_its_distribution(
    monkeypatch: pytest.MonkeyPatch, target: object, cause: str
) -> None:
    register(monkeypatch, doors.RUNTIMES, "odd", target)
    with pytest.raises(PluginError, match=f"'odd' in restoreproof.runtimes .*a-test.*{cause}") as refused:
        registry.driver("odd")
    assert refused.value.exit_code == ExitCode.COULD_NOT_START


CLOUD = """
from collections.abc import Iterator
from typing import Annotated
from restoreproof.contract.problems import Problem
from restoreproof.contract.ref import Ref
from restoreproof.contract.runtime_blocks import RuntimeBlock
from restoreproof.runtimes.driver import RuntimeDriver

class CloudBlock(RuntimeBlock):
    region: str
    store: Annotated[str, Ref("service")]

    def problems(self, contract):
        if self.region == "atlantis":
            yield Problem(contract.where("cloud", "region"), "cloud.region: it is under water")

class CloudDriver(RuntimeDriver):
    name = "cloud"
    block = CloudBlock
    def prepare(self, contract, cache, say): ...
    def outer(self, context): ...
    def probes(self, context, targets): ...
    def inner(self, context, targets): ...
"""


def install_runtime(site: Path, package: str, source: str, name: str = "cloud") -> None:
    """Lay out a distribution with one runtime as an installer does."""
    info = site / f"acme_{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{doors.RUNTIMES}]\n{name} = {package}:CloudDriver\n")
    (site / f"{package}.py").write_text(source)


def test_a_runtime_of_another_distribution_brings_a_block_of_its_own(site: Path) -> None:
    install_runtime(site, "cloud_whole", CLOUD)
    contract = parse(f"{SHOP}cloud: {{region: north, store: db}}\n", Path("stack.yaml"))
    block = contract.runtime_block("cloud")
    assert (block.region, block.store) == ("north", "db")
    assert contract.runtime_block("external") is None
    assert "CloudBlock" in json_schema()["$defs"]
    assert registry.driver("cloud").block is type(block)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("cloud: {region: north}", "stack.yaml:9: cloud lacks the key 'store'"),
        (
            "cloud: {region: north, stroe: db, store: db}",
            "stack.yaml:9: unknown key 'stroe' in cloud; did you mean 'store'?",
        ),
        ("cloud: {region: north, store: dbs}", "cloud.store: no service is called 'dbs'; did you mean 'db'?"),
        ("cloud: {region: atlantis, store: db}", "stack.yaml:9: cloud.region: it is under water"),
        ("clowd: {region: north, store: db}", "unknown key 'clowd' in the contract; did you mean 'cloud'?"),
    ],
)
def test_a_mistake_in_the_block_of_a_runtime_is_told_like_any_other(
    site: Path, block: str, words: str
) -> None:
    install_runtime(site, f"cloud_{abs(hash(block))}", CLOUD)
    with pytest.raises(ContractError) as refused:
        parse(f"{SHOP}{block}\n", Path("stack.yaml"))
    assert words in str(refused.value)


def test_a_contract_without_its_block_imports_no_runtime(site: Path) -> None:
    install_runtime(site, "cloud_absent", "1 / 0\n")
    assert parse(SHOP, Path("stack.yaml")).runtime_block("cloud") is None
    with pytest.raises(PluginError, match=r"acme-cloud_absent 1\.0"):
        parse(f"{SHOP}cloud: {{}}\n", Path("stack.yaml"))


def test_a_block_that_is_none_and_a_name_that_is_taken_are_refused_with_the_distribution(site: Path) -> None:
    install_runtime(site, "cloud_odd", "class CloudDriver: block = dict\n")
    with pytest.raises(PluginError, match=r"acme-cloud_odd 1\.0.*: its block is no .*RuntimeBlock"):
        parse(f"{SHOP}cloud: {{}}\n", Path("stack.yaml"))
    doors.entries.cache_clear()
    install_runtime(site, "cloud_services", CLOUD, name="services")
    with pytest.raises(PluginError, match=r"acme-cloud_services 1\.0.*like a key that every contract"):
        parse(SHOP, Path("stack.yaml"))


def test_a_runtime_without_a_block_adds_no_key() -> None:
    with pytest.raises(ContractError, match="unknown key 'process' in the contract"):
        parse(f"{SHOP}process: {{}}\n", Path("stack.yaml"))
