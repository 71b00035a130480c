"""The ways into a stack, its public interface, and the ways out of it, its sinks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from restoreproof.contract.declarations import BucketName, ServiceName, VariableName
from restoreproof.contract.noun import Noun
from restoreproof.contract.ref import Ref


class Public(Noun):
    """Public interface of the stack; ``url`` and ``ca`` name variables of the environment.

    ``login`` is the path that a browser starts its login at, ``session`` the cookie that it ends with.
    """

    service: ServiceName
    url: VariableName
    ca: VariableName | None = None
    login: str | None = Field(default=None, pattern=r"^/")
    session: str | None = None


class PublicEndpoint(Noun):
    """A path of the public interface.

    ``identity`` (written ``as``) is the person who asks; ``of`` the dataset whose columns fill the path. The
    rest names columns (``items``, ``sha256``, ``document``, ``signature``), a bucket (``object``,
    ``objects``) or the expected content type. ``post`` maps the members of a JSON body to columns; the column
    that ``document`` names stands for the object of that key. ``confirms`` is the member that is then true.
    """

    path: str = Field(pattern=r"^/")
    identity: Annotated[str, Ref("person")] | None = Field(default=None, alias="as")
    of: Annotated[str, Ref("dataset")] | None = None
    items: str | None = None
    sha256: str | None = None
    type: str | None = None
    object: BucketName | None = None
    objects: BucketName | None = None
    document: str | None = None
    signature: str | None = None
    post: dict[str, str] = Field(default_factory=dict)
    confirms: str | None = None


class Sink(Noun):
    """A way out of the stack. ``user``, ``password`` and ``url`` name variables of the environment."""

    service: ServiceName
    kind: str
    user: VariableName | None = None
    password: VariableName | None = None
    url: VariableName | None = None
    bucket: BucketName | None = None
