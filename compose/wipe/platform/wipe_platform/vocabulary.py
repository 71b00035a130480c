"""Words that are stored in the database and changed between releases."""

from enum import StrEnum


class Outcome(StrEnum):
    """What a public verification found."""

    VALID = "valid"
    INVALID = "invalid"


#: plan -> how many people of a tenant may log in
SEATS = {"starter": 5, "business": 50, "enterprise": 500}


def license_terms(plan: str) -> dict[str, object]:
    """The columns of a license that follow from its plan."""
    return {"plan": plan, "seats": SEATS[plan]}
