"""What no backup of a stack may hold, in the formats that only the stack knows."""

from __future__ import annotations

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Forbidden(BaseModel):
    """Material that no backup may hold: a regular expression, and an example that it has to match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    example: str

    @model_validator(mode="after")
    def _matches(self) -> Self:
        try:
            match = re.search(self.pattern.encode(), self.example.encode())
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if not match:
            raise ValueError("the example is not matched by the pattern")
        return self
