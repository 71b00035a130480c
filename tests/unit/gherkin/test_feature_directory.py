"""Where features are found: the same answer for the contract, the command line and pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.errors import UsageError
from restoreproof.gherkin.feature_directory import (
    CONTRACT,
    Located,
    contract_of,
    contracts_of,
    features_of,
    locate,
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two stacks: one beside its features, and one below the directory that holds them."""
    for directory in (
        "features/rows/features",
        "compose/shop",
        "examples/other/features",
        "elsewhere/features",
    ):
        (tmp_path / directory).mkdir(parents=True)
    for file in ("compose/shop/stack.yaml", "examples/other/stack.yaml", "features/rows/a.feature"):
        (tmp_path / file).write_text("")
    monkeypatch.delenv(CONTRACT, raising=False)
    return tmp_path.resolve()


def test_they_are_beside_the_contract_or_above_it(tree: Path) -> None:
    assert locate(tree / "compose/shop/stack.yaml", [], tree) == Located(tree / "features")
    assert locate(tree / "examples/other/stack.yaml", [], tree) == Located(tree / "examples/other/features")
    alone = tree / "elsewhere"
    assert locate(alone / "stack.yaml", [], tree) == Located(alone / "features")


def test_what_is_named_inside_them_is_a_part_and_never_the_whole(tree: Path) -> None:
    """Even a directory called features below them: drilled as the whole, it would end VERIFIED."""
    contract = tree / "compose/shop/stack.yaml"
    for named in ("rows", "rows/a.feature", "rows/a.feature::test_x", "rows/features"):
        found = locate(contract, [Path("features", named)], tree)
        assert found == Located(tree / "features", (tree / "features" / named,))
    assert locate(contract, [Path("features")], tree) == Located(tree / "features")
    assert locate(contract, [Path("features/rows"), Path("features")], tree).parts == ()


def test_what_is_named_elsewhere_has_features_of_its_own(tree: Path) -> None:
    contract = tree / "compose/shop/stack.yaml"
    assert locate(contract, [tree / "elsewhere/features"], tree) == Located(tree / "elsewhere/features")
    (tree / "elsewhere/features/deep").mkdir()
    deep = locate(contract, [Path("elsewhere/features/deep")], tree)
    assert deep == Located(tree / "elsewhere/features", (tree / "elsewhere/features/deep",))
    (tree / "unnamed").mkdir()
    assert features_of(tree / "unnamed") == tree / "unnamed"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["features/rows", "elsewhere/features"], "one directory of features, and not"),
        (["nowhere"], "nowhere: there are no features of that name"),
        (["features/rows/b.feature::test_x"], "no features of that name"),
    ],
)
def test_what_can_not_be_located_is_refused(named: list[str], said: str, tree: Path) -> None:
    with pytest.raises(UsageError, match=said):
        locate(tree / "compose/shop/stack.yaml", [Path(one) for one in named], tree)


def test_a_contract_without_features_says_where_they_should_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no directory features beside .*stack\.yaml, nor above it"):
        locate(tmp_path / "stack.yaml", [], tmp_path)


def test_a_project_has_one_contract_or_the_environment_says_which(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contract_of(tree) == tree / "compose/shop/stack.yaml"
    (tree / "stack.yaml").write_text("")
    assert contracts_of(tree) == [tree / "stack.yaml", tree / "compose/shop/stack.yaml"]
    with pytest.raises(UsageError, match="2 contracts"):
        contract_of(tree)
    monkeypatch.setenv(CONTRACT, str(tree / "examples/other/stack.yaml"))
    assert contract_of(tree) == tree / "examples/other/stack.yaml"
