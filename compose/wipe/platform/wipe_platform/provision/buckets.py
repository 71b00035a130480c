"""Create the five buckets as the storage administrator; versioning where history matters."""

import boto3
from botocore.config import Config

from wipe_platform.provision.environment import BUCKETS, VERSIONED
from wipe_platform.settings import required


def create_buckets() -> list[str]:
    """Create what is missing and set versioning; one line per bucket. Object Lock is never asked for."""
    s3 = boto3.client(
        "s3",
        endpoint_url=required("S3_ENDPOINT"),
        region_name=required("S3_REGION"),
        aws_access_key_id=required("S3_ADMIN_ACCESS_KEY"),
        aws_secret_access_key=required("S3_ADMIN_SECRET_KEY"),
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, retries={"max_attempts": 2}),
    )
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    report = []
    for variable in BUCKETS:
        bucket = required(variable)
        if bucket not in existing:
            s3.create_bucket(Bucket=bucket)
        if variable in VERSIONED:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        report.append(f"{bucket}: {'versioned' if variable in VERSIONED else 'plain'}")
    return report
