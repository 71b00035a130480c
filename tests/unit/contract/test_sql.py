"""Parameters are bound where they stand, and nothing that only looks like one is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

from restoreproof.contract import bind
from restoreproof.contract.sql import Sql
from restoreproof.errors import ContractError


@pytest.mark.parametrize(
    "sql",
    [
        "select a::text",
        "select ':no'",
        "select 'it''s :no'",
        r"select E'it\'s :no'",
        'select ":no"',
        "select $$ :no $$, $x$ $$ :no $x$",
        "select 1 -- :no\n",
        "select 1 /* :no /* :no */ :no */",
        "select 1 /* :no",
    ],
)
def test_what_only_looks_like_a_parameter_is_left_alone(sql: str) -> None:
    assert bind(sql, {"no": 1}) == (sql, {})


def test_parameters_are_named_as_psycopg_names_them_and_only_those_used_are_given() -> None:
    bound = bind("select :a, :a::text, ':a' where b like 'x%' and c > :c_2", {"a": 1, "c_2": 2, "unused": 3})
    assert bound == ("select %(a)s, %(a)s::text, ':a' where b like 'x%%' and c > %(c_2)s", {"a": 1, "c_2": 2})


def test_a_parameter_after_a_comment_or_a_literal_is_found() -> None:
    assert Sql("/* ':x */ select :a -- it's\n, '--', :b, $1, $t$ ' $t$, :c").parameters == {"a", "b", "c"}


def test_a_parameter_without_a_value_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ContractError, match="did you mean :recovery_point"):
        bind("select :recovry_point", {"recovery_point": 1})


PIECES = st.sampled_from(
    [
        ":a",
        "::text",
        "'",
        "''",
        '"',
        "%",
        "%s",
        "%(a)s",
        "$$",
        "$q$",
        "--",
        "\n",
        "/*",
        "*/",
        "E'",
        "\\",
        " ",
        "x",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_nothing_but_the_parameters_changes_on_the_way_to_the_server(sql: str) -> None:
    names = Sql(sql).parameters
    query, values = bind(sql, dict.fromkeys(names, 1))
    assert values.keys() == names
    assert query % {name: f":{name}" for name in names} == sql
    prepared = PostgresQuery(Transformer())
    prepared.convert(query.replace("\0", ""), values)
    if not names:
        assert prepared.query.decode() == sql.replace("\0", "")
