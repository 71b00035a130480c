"""Print the edge's configuration: ``python -m restoreproof.runtimes.compose.composefile stack.yaml``."""

from __future__ import annotations

import sys
from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.problems import Problem
from restoreproof.errors import ContractError, RestoreproofError
from restoreproof.runtimes.compose.composefile.document import EDGE, NAME, read
from restoreproof.runtimes.compose.composefile.edge import edge_configuration, published_ports


def main(path: Path) -> None:
    """Print it for the contract at ``path`` and the compose file beside that.

    Raises:
        ContractError: one of them can't be read.
    """
    contract = load(path)
    composed = read(contract.directory / NAME)
    if isinstance(composed, Problem):
        raise ContractError(str(composed), where=composed.where)
    print(edge_configuration(contract, published_ports(composed.services.get(EDGE, {}))), end="")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("the contract is wanted: python -m restoreproof.runtimes.compose.composefile stack.yaml")
    try:
        main(Path(sys.argv[1]))
    except RestoreproofError as error:
        sys.exit(str(error))
