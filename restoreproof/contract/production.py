"""What production is like, as the contract declares it, so that a drill can say how its target differs."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from restoreproof.contract.rules import Rule


class Machine(Rule):
    """The machine that production's database runs on."""

    cpus: PositiveInt | None = None
    memory_gib: PositiveInt | None = None


class Production(Rule):
    """``engines`` maps a database's service to its version (``"18.4"``), ``extensions`` a name to its.

    ``collation`` is how the databases are collated; ``data_gib`` is how much all of them hold.
    """

    engines: dict[str, str] = Field(default_factory=dict)
    extensions: dict[str, str] = Field(default_factory=dict)
    collation: str | None = None
    data_gib: PositiveInt | None = None
    machine: Machine = Machine()
