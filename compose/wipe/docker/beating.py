"""Exit 0 if the worker's heartbeat in the database is no older than a minute, whether it is held or runs."""

import os
import sys

import psycopg

BEAT = """
select exists (
    select from worker_heartbeats where state <> 'stopped' and at > now() - interval '1 minute'
)
"""


def main() -> int:
    """0 or 1; a database that can't be reached is no heartbeat, and is said."""
    try:
        with psycopg.connect(os.environ["DATABASE_WORKER_URL"], connect_timeout=3) as connection:
            return 0 if connection.execute(BEAT).fetchone() == (True,) else 1
    except psycopg.Error as error:
        print(f"no heartbeat to be read: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
