"""Leave the drill's marker in the stores of a fresh target, so that a drill may write to them.

PostgreSQL comes by the variables of libpq, S3 by S3_URL, S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_KEY; the
nonce is RESTOREPROOF_DRILL_MARKER. Only what provisions a throw-away target runs it: never on production.
"""

import json
import os
from datetime import UTC, datetime

import boto3
import psycopg
from botocore.config import Config

BUCKET = "restoreproof-drill-marker"

TABLE = """
create table if not exists restoreproof_drill_marker (
    nonce text not null,
    created_at timestamptz not null default now()
)
"""


def main() -> None:
    """Mark both stores, each with the time that its marker is made."""
    nonce = os.environ["RESTOREPROOF_DRILL_MARKER"]
    in_postgres(nonce)
    in_s3(nonce)


def in_postgres(nonce: str) -> None:
    """One row, whatever was there: a drill refuses another's nonce."""
    with psycopg.connect(dbname="postgres", connect_timeout=10) as connection:
        connection.execute(TABLE)
        connection.execute("delete from restoreproof_drill_marker")
        connection.execute("insert into restoreproof_drill_marker (nonce) values (%s)", (nonce,))
    print("PostgreSQL is marked")


def in_s3(nonce: str) -> None:
    """One object, in a bucket of its own."""
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["S3_URL"],
        region_name="us-east-1",
        aws_access_key_id=os.environ["S3_ADMIN_ACCESS_KEY"],
        aws_secret_access_key=os.environ["S3_ADMIN_SECRET_KEY"],
        config=Config(s3={"addressing_style": "path"}, connect_timeout=10, retries={"total_max_attempts": 3}),
    )
    if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=BUCKET)
    body = json.dumps({"nonce": nonce, "created_at": datetime.now(UTC).isoformat()})
    client.put_object(Bucket=BUCKET, Key="marker", Body=body.encode())
    print("S3 is marked")


if __name__ == "__main__":
    main()
