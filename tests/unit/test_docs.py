"""What the documentation says exists, and what exists is said."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

from restoreproof.assets.base import Asset, load_assets
from restoreproof.assets.registry import asset_kinds
from restoreproof.backups.manifest import write_manifest
from restoreproof.cli import app
from restoreproof.components import registry
from restoreproof.contract.loader import parse
from restoreproof.contract.models import Contract
from restoreproof.contract.noun import Noun
from restoreproof.contract.runtime_blocks import whole_model
from restoreproof.gherkin import tags
from restoreproof.gherkin.vocabulary import Vocabulary
from restoreproof.runtimes.services import options_of

ROOT = Path(__file__).parents[2]
PACKAGE_FILES = sorted((ROOT / "restoreproof").rglob("*.py"))
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def fenced(page: Path, language: str) -> list[str]:
    """The blocks of ``page`` in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> dict[str, set[str]]:
    """Every command and its options."""
    group = typer.main.get_command(app)
    known: dict[str, set[str]] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        known[name] = {option for parameter in command.params for option in parameter.opts}
    return known


def shell_lines() -> list[str]:
    return [
        line.split("#")[0].strip()
        for page in PAGES
        for block in fenced(page, "sh")
        for line in block.splitlines()
    ]


def test_every_command_and_option_that_a_page_shows_exists() -> None:
    known = commands()
    said = re.findall(r"restoreproof ([\w-]+)((?: +[\w./-]+)*)", "\n".join(shell_lines()))
    assert {name for name, _ in said} >= {"backup", "drill", "lint", "doctor"}
    for name, rest in said:
        assert name in known, name
        for option in re.findall(r"(?<!\w)--?[a-z][a-z-]*", rest):
            assert option in known[name], f"restoreproof {name} has no {option}"


MORE = [ROOT / "Dockerfile", ROOT / "compose" / "harness.yaml", *sorted((DOCS / "ci").glob("*.yml"))]
_CALL = re.compile(r"(?:^|[ /])restoreproof(?P<image>/restoreproof(?P<tag>:[\w.]+)?)? (?P<words>[a-z-]+.*)$")


def calls() -> Iterator[tuple[str, re.Match[str]]]:
    """Every whole line in which somebody is told to call the command line, or the image, and where it is."""
    for page in (*PAGES, *MORE):
        text = page.read_text()
        if page.suffix == ".md":
            text = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        for line in re.sub(r"\\\n[ #>]*", "", text).splitlines():
            if found := _CALL.search(re.sub(r"^#(?=  )", "", line).partition(" #")[0]):
                yield f"{page.name}: {line}", found


def test_every_whole_command_that_is_shown_could_be_run() -> None:
    """Options exist, what a command can't do without is given, and the image has the tag it is built with."""
    services = yaml.safe_load((ROOT / "compose" / "harness.yaml").read_text())["services"]
    image = services["restoreproof"]["image"]
    group = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    shown = [(where, found) for where, found in calls() if found["words"].split()[0] in group]
    assert {"Dockerfile", "harness.yaml", "README.md"} <= {where.partition(":")[0] for where, _ in shown}
    for where, found in shown:
        assert not found["image"] or f"restoreproof{found['image']}" == image, where
        name, *words = shlex.split(re.split(r"[|;]|&&", found["words"])[0])
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        parameters = group[name].params
        assert given <= {option for one in parameters for option in (*one.opts, *one.secondary_opts)} | {
            "--help"
        }, where
        if "…" not in words:
            lacking = [one.opts for one in parameters if one.required and one.param_type_name == "option"]
            assert [opts for opts in lacking if not given.intersection(opts)] == [], where
            least = sum(one.required for one in parameters if one.param_type_name == "argument")
            assert len([word for word in words if not word.startswith("-")]) >= least, where


def test_every_make_target_that_a_page_shows_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(page.read_text() for page in PAGES)
    said = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"drill", "test"} <= said <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_threat_model_names_every_attack_that_is_tried() -> None:
    """A new one gets a row of its table "What was tried"; that each link leads somewhere is tested above."""
    named = set(re.findall(r"\]\(\.\./(tests/attack/\S+\.py)\)", (ROOT / "docs/threat-model.md").read_text()))
    tried = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/attack").glob("test_*.py")}
    assert named == tried, "docs/threat-model.md has a row for each file of tests/attack/"


def test_the_architecture_names_the_layers_that_are_held() -> None:
    held = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [layer.replace("restoreproof.", "") for layer in held[0]["layers"]]
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## Layers")[2].partition("\n## ")[0]
    rows = [
        re.findall(r"`([\w.]+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")
    ]
    said = [name for row in rows for name in row]
    assert said == [name for layer in layers for name in layer.split(" | ")]
    beside = [name.replace("restoreproof.", "") for name in held[1]["source_modules"]]
    assert [name for name in beside if f"`{name}`" not in table] == []
    for name in [*said, *beside]:
        path = ROOT / "restoreproof" / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_readme_tells_every_file_of_the_evidence() -> None:
    text = (ROOT / "README.md").read_text()
    for name in ("index.html", "record.json", "journal.jsonl", "plan.json", "junit.xml", "ledger.jsonl"):
        assert name in text


@pytest.fixture(scope="module")
def example() -> Contract:
    """The examples of docs/contract.md, put together."""
    text = "".join(fenced(DOCS / "contract.md", "yaml"))
    return parse(text, Path("docs/contract.md"))


def test_the_examples_of_the_contract_page_are_one_contract(example: Contract) -> None:
    assert {asset.kind for asset in load_assets(example)} == set(asset_kinds())
    for name, service in example.services.items():
        options_of(name, service)


def test_the_contract_page_has_an_example_of_every_block(example: Contract) -> None:
    for name, field in whole_model().model_fields.items():
        own = field.alias if name.startswith("block_") else None
        given = example.runtime_block(own) if own else getattr(example, name)
        assert given, f"docs/contract.md gives no example of {own or name}"


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_contract_page_names_every_key() -> None:
    text = (DOCS / "contract.md").read_text()
    direct = Noun.__subclasses__()
    blocks = [*direct, *(block for each in direct if each is not Contract for block in each.__subclasses__())]
    wanted = {key for block in blocks for key in keys(block)}
    for kind in asset_kinds().values():
        wanted |= keys(kind) - (keys(Asset) - {"kind", "at", "service"})
    for key in sorted(wanted):
        assert re.search(rf"\b{re.escape(key)}\b", text), f"docs/contract.md does not name {key}"
    for name in (*registry.names(), *asset_kinds()):
        assert f"`{name}`" in text, f"docs/contract.md does not name {name}"


def phrases() -> set[tuple[str, str]]:
    """Every generic phrase, as (when or then, text)."""
    return {(str(phrase.keyword), phrase.text) for phrase in Vocabulary.of(()).phrases}


def test_every_phrase_is_listed_and_no_other() -> None:
    table = (DOCS / "writing-features.md").read_text().partition("## Phrases\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    said = {("when", row[0]) for row in rows} | {
        ("then", one) for row in rows for one in row[1].split("<br>")
    }
    assert said == phrases()


def test_every_tag_is_listed() -> None:
    text = (DOCS / "writing-features.md").read_text()
    assert all(f"@{name}" in text for name in tags.KNOWN)
    assert all(level in text for level in tags.SEVERITIES)


def test_a_set_is_checked_with_the_tools_that_its_page_names(tmp_path: Path) -> None:
    (tmp_path / "proxy").mkdir()
    (tmp_path / "proxy" / "nginx.conf").write_text("events {}\n")
    from datetime import UTC, datetime

    write_manifest(
        tmp_path, set_id="s", stack="shop", run_id="r", recovery_point=datetime.now(UTC), synthetic=True,
        release="1", tool_versions={},
    )  # fmt: skip
    # What the page's jq expression yields, without jq.
    listed = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]
    lines = "".join(f"{one['sha256']}  {one['path']}\n" for one in listed)
    done = subprocess.run(
        ["sha256sum", "-c"], cwd=tmp_path, input=lines, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "proxy/nginx.conf: OK\n")


def test_a_bucket_is_put_back_by_the_shell_lines_of_its_page(tmp_path: Path) -> None:
    content = b"a paper"
    digest = hashlib.sha256(content).hexdigest()
    [script] = fenced(DOCS / "backup-set.md", "sh")
    (tmp_path / "objects" / "blobs" / digest[:2]).mkdir(parents=True)
    (tmp_path / "objects" / "blobs" / digest[:2] / digest).write_bytes(content)
    head, loop = script.split("|  while" if "|  while" in script else "| while", 1)
    assert head.startswith("jq -r '[.sha256, .key] | @tsv'")
    done = subprocess.run(
        ["bash", "-c", "while" + loop],
        cwd=tmp_path,
        input=f"{digest}\tpapers/1 a.pdf\n",
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "out" / "papers" / "1 a.pdf").read_bytes() == content


def test_the_architecture_lists_every_room_of_the_package() -> None:
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("| In `restoreproof/` |")[2].partition("\n\n")[0]
    listed = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    package = ROOT / "restoreproof"
    rooms = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/*.py")
    }
    assert listed == rooms - {"__init__", "restoreproof"}


GERUNDS_THAT_ARE_NOUNS = {
    "sealing",
    "testing",
    "timing",
    "waiting",
    "lint_finding",
    "secret_tracking",
    "missing",
}


def test_the_tree_of_errors_holds_every_exception_of_the_package() -> None:
    tree = (ROOT / "restoreproof/errors.py").read_text().split('"""')[1]
    raised = {
        node.name
        for path in PACKAGE_FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any(_is_exception(ast.unparse(base)) for base in node.bases)
    }
    assert {name for name in raised if not re.search(rf"\b{name}\b", tree)} == set()


def _is_exception(base: str) -> bool:
    return base.endswith(("Error", "Exception", "NotPassed"))


GERUND_NOUNS = {"finding", "sealing", "testing", "timing", "tracking", "waiting"}
"""Words in -ing that the trade uses as nouns."""


def public_classes() -> Iterator[tuple[str, str]]:
    """Each public class of the package by its name, with its file."""
    for path in PACKAGE_FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, str(path.relative_to(ROOT))


def test_a_name_of_a_class_means_one_thing_in_the_whole_package() -> None:
    files: dict[str, list[str]] = {}
    for name, path in public_classes():
        files.setdefault(name, []).append(path)
    assert len(files) > 300
    assert {name: where for name, where in files.items() if len(where) > 1} == {}


def test_no_module_is_named_by_a_gerund() -> None:
    modules = {part for path in PACKAGE_FILES for part in path.relative_to(ROOT).with_suffix("").parts}
    gerunds = {name for name in modules if name.endswith("ing") and name.split("_")[-1] not in GERUND_NOUNS}
    assert gerunds - {"missing"} == set()
