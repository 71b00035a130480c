"""SeaweedFS as the S3 server."""
