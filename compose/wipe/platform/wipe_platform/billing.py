"""Monthly billing: what a tenant consumed, day by day, as CSV."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select

from wipe_platform import tables


class Day(NamedTuple):
    """One line of a report."""

    day: date
    receipts: int
    units: int
    first_seq: int
    last_seq: int


def consumption(connection: Connection, tenant_id: UUID, month: str) -> list[Day]:
    """The tenant's receipts of a month (yyyy-mm, UTC), summed per day."""
    receipts = tables.consumption_receipts
    moment = func.timezone("UTC", receipts.c.created_at)
    day = func.date(moment).label("day")
    rows = connection.execute(
        select(
            day, func.count(), func.sum(receipts.c.units), func.min(receipts.c.seq), func.max(receipts.c.seq)
        )
        .where(receipts.c.tenant_id == tenant_id, func.to_char(moment, "YYYY-MM") == month)
        .group_by(day)
        .order_by(day)
    )
    return [Day(*row) for row in rows]


def billing_csv(days: Iterable[Day]) -> bytes:
    """The report: a header, one line per day, and a total that a reader can check."""
    listed = list(days)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["day", "receipts", "units", "first_seq", "last_seq"])
    writer.writerows([day.day.isoformat(), *day[1:]] for day in listed)
    writer.writerow(["total", sum(d.receipts for d in listed), sum(d.units for d in listed), "", ""])
    return out.getvalue().encode()
