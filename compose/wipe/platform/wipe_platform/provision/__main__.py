"""``python -m wipe_platform.provision environment|signer|buckets``: make what must exist first.

``environment`` draws every secret of an installation and writes the files that must agree on them.
``signer`` makes a fresh signer that trusts the clients of an existing client CA.
``buckets`` creates the buckets, as the identity in S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_KEY.
"""

import argparse
import sys
from pathlib import Path

from wipe_platform.provision.environment import Outputs, provision_environment
from wipe_platform.provision.signer_home import create_signer_home, read_client_ca
from wipe_platform.settings import SettingsError

_PACKAGE_PARENTS = Path(__file__).resolve().parents
#: beside the package in a built release, one level up in the source tree
TEMPLATES = [parent / "keycloak" / "realm-wipe.json" for parent in _PACKAGE_PARENTS[2:4]]


def _environment(arguments: argparse.Namespace) -> None:
    outputs = Outputs(
        environment=arguments.out,
        realm=arguments.realm_out,
        signer_home=arguments.signer_home,
        custody=arguments.custody_out,
        roles_sql=arguments.sql_out,
        s3_identities=arguments.s3_out,
    )
    template = arguments.realm_template or next((path for path in TEMPLATES if path.exists()), TEMPLATES[0])
    provision_environment(template, outputs)
    print(arguments.out)


def _signer(arguments: argparse.Namespace) -> None:
    create_signer_home(arguments.home, read_client_ca(arguments.client_ca))
    print(arguments.home / "ca.crt")


def _buckets(_: argparse.Namespace) -> None:
    # Imported here: boto3 takes a second to load and only this action needs it.
    from wipe_platform.provision.buckets import create_buckets

    print("\n".join(create_buckets()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wipe_platform.provision", description=__doc__)
    actions = parser.add_subparsers(required=True)
    environment = actions.add_parser("environment")
    environment.set_defaults(run=_environment)
    for option in ("--out", "--realm-out", "--signer-home", "--custody-out", "--sql-out", "--s3-out"):
        environment.add_argument(option, type=Path, required=True)
    environment.add_argument("--realm-template", type=Path)
    signer = actions.add_parser("signer")
    signer.set_defaults(run=_signer)
    signer.add_argument("--home", type=Path, required=True)
    signer.add_argument("--client-ca", type=Path, required=True)
    actions.add_parser("buckets").set_defaults(run=_buckets)
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (SettingsError, OSError, ValueError, KeyError) as error:
        print(f"provision: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
