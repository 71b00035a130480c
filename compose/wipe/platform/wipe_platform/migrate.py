"""``python -m wipe_platform.migrate upgrade|current``: Alembic under the owner role.

Prints ``from -> to`` on success. Exit 1 with the reason when the database is unreachable,
carries an unknown revision, or a migration fails (each migration is one transaction).
"""

import argparse
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from wipe_platform.database import engine_for
from wipe_platform.release import MIGRATION_HEAD
from wipe_platform.settings import SettingsError, required

MIGRATIONS = Path(__file__).parent / "migrations"


def current_revision(connection: Connection) -> str | None:
    """The revision the database says it is at; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> tuple[str | None, str | None]:
    """Bring the database to this release's head; the revisions before and after."""
    before = current_revision(connection)
    connection.rollback()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, MIGRATION_HEAD)
    return before, current_revision(connection)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.migrate", description=__doc__)
    parser.add_argument("action", choices=["upgrade", "current"])
    action = parser.parse_args(argv).action
    try:
        engine = engine_for(required("DATABASE_OWNER_URL"))
        with engine.connect() as connection:
            if action == "current":
                print(current_revision(connection) or "none")
            else:
                before, after = upgrade(connection)
                print(f"{before or 'none'} -> {after}")
    except (SettingsError, SQLAlchemyError, CommandError) as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
