"""``python -m wipe_platform.api [--openapi]``: serve on API_BIND (default ``api:8000``).

``--openapi`` prints the OpenAPI document and needs no environment.
"""

import argparse
import json
import logging
import os
import sys

import uvicorn

from wipe_platform.api.app import create_app, describe
from wipe_platform.api.platform import Platform
from wipe_platform.logs import configure_logs, log_event
from wipe_platform.release import MIGRATION_HEAD, VERSION
from wipe_platform.settings import Settings, refusing


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.api", description=__doc__)
    parser.add_argument("--openapi", action="store_true", help="print the OpenAPI document")
    if parser.parse_args(argv).openapi:
        json.dump(describe().openapi(), sys.stdout, indent=2, sort_keys=True)
        print()
        return 0
    configure_logs()
    app = create_app(Platform.connect(Settings.load()))
    host, _, port = os.environ.get("API_BIND", "api:8000").rpartition(":")
    log_event("api-started", version=VERSION, migration_head=MIGRATION_HEAD)
    uvicorn.run(app, host=host, port=int(port), log_level=logging.WARNING, log_config=None)
    return 0


if __name__ == "__main__":
    sys.exit(refusing("api", main))
