"""``python -m wipe_platform.seed --size default|small --seed N``: fill an empty platform with history.

Needs the database at this release's head, the buckets, and the signer. Rows are committed together
and last: a seeding that fails leaves an empty database (and perhaps objects that nothing refers to).
"""

import argparse
import random
import sys
import time
from datetime import UTC, datetime

import httpx
import psycopg

from wipe_platform import storage
from wipe_platform.seed.load import copy_rows, upload_all
from wipe_platform.seed.objects import (
    billing_uploads,
    binary_uploads,
    certificate_uploads,
    proof_uploads,
)
from wipe_platform.seed.proofs import make_agents, make_certificates, make_proofs
from wipe_platform.seed.rows import all_rows
from wipe_platform.seed.scenario import SIZES, Scenario
from wipe_platform.settings import Settings, SettingsError, required
from wipe_platform.signing import SignerClient


class SeedError(Exception):
    """This platform cannot be seeded."""


def seed(scenario: Scenario, settings: Settings, owner_url: str) -> None:
    """Everything, objects first; refuses a database that already holds something."""
    require_empty(owner_url)
    signer = SignerClient.connect(settings)
    agents = make_agents(scenario)
    proofs = make_proofs(scenario, agents)
    say(f"{len(proofs)} proofs signed")
    issued = make_certificates(scenario, proofs, signer)
    say(f"{len(issued)} certificates issued")
    buckets = storage.Buckets.connect(settings)
    count = upload_all([*proof_uploads(buckets, proofs), *certificate_uploads(buckets, issued)])
    count += upload_all(binary_uploads(buckets))
    say(f"{count} objects stored")
    with psycopg.connect(owner_url) as connection:
        for table, rows in all_rows(scenario, signer, agents, proofs, issued).items():
            copy_rows(connection, table, rows)
            say(f"{len(rows)} {table}")
        for sequence in ("jobs_id_seq", "dead_letters_id_seq", "verification_logs_id_seq"):
            table = sequence.removesuffix("_id_seq")
            connection.execute(f"select setval('{sequence}', (select max(id) from {table}))")
        connection.execute("select setval('certificate_number_seq', %s)", [len(issued)])
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("analyze")
    say(f"{upload_all(billing_uploads(scenario, buckets, owner_url))} billing exports stored")


def require_empty(owner_url: str) -> None:
    """Raises SeedError unless the database is migrated and without tenants."""
    with psycopg.connect(owner_url) as connection:
        if connection.execute("select exists (select from tenants)").fetchone() != (False,):
            raise SeedError("the database is not empty; nothing was seeded")


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"seed {time.perf_counter() - STARTED:6.1f}s  {line}", flush=True)


STARTED = time.perf_counter()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.seed", description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="default")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(argv)
    scenario = Scenario(SIZES[arguments.size], random.Random(arguments.seed), datetime.now(UTC))
    try:
        seed(scenario, Settings.load(), required("DATABASE_OWNER_URL"))
    except (SettingsError, SeedError, psycopg.Error, httpx.HTTPError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
