"""SeaweedFS in a container: the stack's identities and a throw-away administrator, as a file."""

from __future__ import annotations

import json

from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts.base import Container, Part
from restoreproof.runtimes.process.components.seaweedfs import SeaweedFS


class SeaweedFSPart(Part):
    """``Start.files["s3.json"]`` holds the identities."""

    component: SeaweedFS
    data = ("/data",)

    def container(self, start: Start) -> Container:
        given = start.files.get("s3.json", b'{"identities": []}')
        identities = json.dumps(self.component.identities(self.name, given)).encode()
        return Container(
            environment=start.environment,
            files={**start.files, "s3.json": identities},
            place="/run/stack",
            volumes=self.data,
            arguments=start.arguments,
            administrator=self.component.administrator,
        )


PART = SeaweedFSPart
