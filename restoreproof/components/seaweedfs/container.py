"""SeaweedFS in a container: the stack's identities and a throw-away administrator, as a file."""

from __future__ import annotations

from functools import cached_property

from restoreproof.components.base import ComponentOptions
from restoreproof.components.seaweedfs.identities import FILE, configuration, new_administrator
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent


class SeaweedFSContainer(ContainerComponent[ComponentOptions]):
    """SeaweedFS as a container; ``Start.files["s3.json"]`` holds the identities."""

    data = ("/data",)
    writable = ("/tmp",)

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    def container(self, start: Start) -> Container:
        identities = configuration(self.name, start.files, self.administrator)
        return Container(
            environment=start.environment,
            files={**start.files, FILE: identities},
            place="/run/stack",
            volumes=self.data,
            arguments=start.arguments,
            administrator=self.administrator,
        )


PART = SeaweedFSContainer
