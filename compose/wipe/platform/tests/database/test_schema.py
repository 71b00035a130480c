"""The schema's history, and who may do what."""

import pytest
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from wipe_platform import tables
from wipe_platform.database import as_tenant
from wipe_platform.ledger import append_audit
from wipe_platform.migrate import current_revision, upgrade
from wipe_platform.release import MIGRATION_HEAD

from conftest import Customer, Database


def test_migrating_twice_changes_nothing_the_second_time(empty: Database) -> None:
    with empty.engine("wipe").connect() as connection:
        assert current_revision(connection) is None
        assert upgrade(connection) == (None, MIGRATION_HEAD)
        assert upgrade(connection) == (MIGRATION_HEAD, MIGRATION_HEAD)


def test_the_head_migration_changes_the_rows_that_are_there(empty: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from wipe_platform.migrate import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with empty.engine("wipe").connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.commit()
        connection.execute(
            text("""
            insert into tenants (id, slug, name) values (gen_random_uuid(), 'a', 'A');
            insert into licenses (id, tenant_id, plan, state, starts_at, ends_at)
                select gen_random_uuid(), id, unnest(array['starter', 'business', 'enterprise']), 'active',
                       now(), now() from tenants;
            insert into verification_logs (certificate_number, outcome) values ('1', 'ok'), ('2', 'bad');
        """)
        )
        connection.commit()
        assert upgrade(connection) == ("0007", "0008")
        outcomes = connection.execute(text("select outcome from verification_logs order by id")).scalars()
        assert outcomes.all() == ["valid", "invalid"]
        seats = connection.execute(text("select seats from licenses order by seats")).scalars().all()
        assert seats == [5, 50, 500]
        connection.rollback()
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}


def test_the_code_names_the_columns_that_the_migrations_made(database: Database) -> None:
    with database.owner() as connection:
        inspector = inspect(connection)
        for name, table in tables.metadata.tables.items():
            made = {column["name"] for column in inspector.get_columns(name)}
            assert set(table.columns.keys()) == made, name


@pytest.mark.parametrize("role", ["wipe", "wipe_app", "wipe_worker", "wipe_readonly"])
def test_no_role_of_the_platform_is_superuser_or_bypasses_row_security(database: Database, role: str) -> None:
    with database.owner() as connection:
        powers = text("select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = :role")
        assert connection.execute(powers, {"role": role}).scalar_one() is False


def test_the_application_sees_one_tenant_and_without_one_nothing(
    database: Database, customer: Customer, other_customer: Customer
) -> None:
    app = database.engine("wipe_app")
    for table in (tables.tenants, tables.agents, tables.licenses):
        with as_tenant(app, customer.id) as connection:
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1
        with as_tenant(app, None) as connection:
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    with database.engine("wipe_worker").connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.tenants)).scalar_one() == 2


def test_the_application_cannot_write_for_another_tenant(
    database: Database, customer: Customer, other_customer: Customer
) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        as_tenant(database.engine("wipe_app"), customer.id) as connection,
    ):
        values = {"tenant_id": other_customer.id, "kind": "send-mail", "payload": {}}
        connection.execute(insert(tables.jobs).values(**values))


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("wipe_app", "update audit_log set actor = 'nobody'"),
        ("wipe_app", "delete from consumption_receipts"),
        ("wipe_app", "update proofs set sha256 = ''"),
        ("wipe_worker", "delete from audit_log"),
        ("wipe_worker", "update certificates set signature = ''"),
        ("wipe_readonly", "insert into tenants (id, slug, name) values (gen_random_uuid(), 'x', 'x')"),
        ("wipe_readonly", "select * from audit_tip()"),
    ],
)
def test_history_can_be_added_to_but_not_changed(database: Database, role: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        database.engine(role).begin() as connection,
    ):
        connection.execute(text(statement))


def test_the_audit_chain_is_one_across_tenants(
    database: Database, customer: Customer, other_customer: Customer
) -> None:
    app = database.engine("wipe_app")
    for tenant in (customer.id, other_customer.id, customer.id):
        with as_tenant(app, tenant) as connection:
            append_audit(connection, tenant, "someone", "did.something", count=1)
    with database.engine("wipe_worker").connect() as connection:
        rows = connection.execute(select(tables.audit_log).order_by(tables.audit_log.c.seq)).all()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]


def test_a_sequence_number_cannot_be_used_twice(database: Database, customer: Customer) -> None:
    with database.owner() as connection:
        append_audit(connection, customer.id, "someone", "did.something")
        row = connection.execute(select(tables.audit_log)).one()
    with pytest.raises(IntegrityError), database.owner() as connection:
        connection.execute(insert(tables.audit_log).values(**row._mapping))
