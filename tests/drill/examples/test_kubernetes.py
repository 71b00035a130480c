"""The Kubernetes example: manifests that the API takes, a contract that lints, commands that fit both."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from restoreproof.contract import Contract, load
from restoreproof.runtimes.external.block import block_of
from tests.workshop import CONTRACT, ROOT

EXAMPLE = ROOT / "examples" / "kubernetes"
VERSION = "1.32"
"""The oldest that it is for: there a StatefulSet's claims may go with its pods."""
POINTED = {"Kustomization"}  # read by kubectl itself and never sent to the API

Manifest = dict[str, Any]


def manifests() -> Iterator[tuple[str, Manifest]]:
    """Every manifest of the example, those within lists too, with a name for messages."""
    for path in sorted([*EXAMPLE.glob("target/*.yaml"), *EXAMPLE.glob("harness/*.yaml")]):
        for document in yaml.safe_load_all(path.read_text()):
            for one in document["items"] if document["kind"] == "List" else [document]:
                if one["kind"] not in POINTED:
                    name = one["metadata"].get("name") or one["metadata"]["generateName"]
                    yield f"{path.parent.name}/{path.name}: {one['kind']} {name}", one


MANIFESTS = dict(manifests())
WORKLOADS = {name: one for name, one in MANIFESTS.items() if "template" in json.dumps(one)}


def pod_of(manifest: Manifest) -> Manifest:
    """The pod that a workload makes."""
    spec = manifest["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    pod: Manifest = template["spec"]
    return pod


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def named(kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in MANIFESTS.values() if one["kind"] == kind}


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_api_knows_every_key_of_a_manifest(name: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], VERSION, strict=True)


def test_a_key_that_the_api_does_not_know_is_refused() -> None:
    manifest = json.loads(json.dumps(named("Deployment")["api"]))
    pod_of(manifest)["containers"][0]["imagePulPolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePulPolicy"):
        kubernetes_validate.validate(manifest, VERSION, strict=True)


@pytest.mark.parametrize("namespace", ["target", "harness"])
def test_what_kustomize_applies_is_all_but_the_jobs_of_one_drill(namespace: str) -> None:
    applied = yaml.safe_load((EXAMPLE / namespace / "kustomization.yaml").read_text())["resources"]
    there = {path.name for path in (EXAMPLE / namespace).glob("*.yaml")}
    assert there - set(applied) - {"kustomization.yaml"} in ({"provision.yaml"}, {"drill.yaml"})
    assert set(applied) <= there


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_is_what_its_namespace_demands(name: str) -> None:
    """Pod Security "restricted", which both namespaces enforce: a pod that is not so is never made."""
    pod = pod_of(WORKLOADS[name])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in containers(pod):
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    kinds = {kind for volume in pod.get("volumes", ()) for kind in volume.keys() - {"name"}}
    assert kinds <= {"secret", "emptyDir", "persistentVolumeClaim"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_no_pod_of_the_target_has_a_token_or_a_name_server(name: str) -> None:
    pod = pod_of(WORKLOADS[name])
    if WORKLOADS[name]["metadata"]["namespace"] == "wipe-drill":
        assert pod["automountServiceAccountToken"] is False
        assert (pod["dnsPolicy"], pod["dnsConfig"]["nameservers"]) == ("None", ["127.0.0.1"])


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_is_secret_is_referred_to(name: str) -> None:
    for one in containers(pod_of(WORKLOADS[name])):
        for variable in one.get("env", ()):
            if re.search(r"PASSWORD|SECRET|MARKER|ACCESS_KEY", variable["name"]):
                assert variable["valueFrom"]["secretKeyRef"]["name"] == "drill"


def test_nothing_leaves_the_targets_namespace() -> None:
    policy = named("NetworkPolicy")["nothing-gets-out"]["spec"]
    assert policy["podSelector"] == {}
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert policy["egress"] == [{"to": [{"podSelector": {}}]}]


def test_the_job_by_hand_is_the_job_at_night() -> None:
    by_hand = next(one["spec"] for name, one in MANIFESTS.items() if "drill.yaml" in name)
    at_night = named("CronJob")["restore-drill"]["spec"]["jobTemplate"]["spec"]
    told = json.dumps(by_hand).replace("--trigger=manual", "--trigger=schedule")
    assert json.loads(told) == at_night
    assert by_hand["backoffLimit"] == 0


# ---- the contract


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as the example's Dockerfile makes it, in its place."""
    root = tmp_path_factory.mktemp("image")
    directory = root / "compose" / "wipe"
    directory.mkdir(parents=True)
    (directory / "stack.yaml").write_text(CONTRACT.read_text() + (EXAMPLE / "external.yaml").read_text())
    shutil.copy(CONTRACT.with_name("runbook.md"), directory)
    shutil.copytree(CONTRACT.with_name("nginx"), directory / "nginx")
    shutil.copytree(EXAMPLE, root / "examples" / "kubernetes")
    for name in ("features", "steps", "fixtures"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "conftest.py", root)
    return directory / "stack.yaml"


@pytest.fixture(scope="module")
def contract(stack: Path) -> Contract:
    return load(stack)


def test_the_contract_lints_with_the_features_of_the_stack(stack: Path) -> None:
    features = stack.parents[2] / "features"
    argv = [sys.executable, "-m", "restoreproof.cli", "lint", str(stack), "--features", str(features)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_of_the_stack_has_its_place_in_the_target(contract: Contract) -> None:
    external = block_of(contract)
    assert external is not None
    assert external.services.keys() == contract.services.keys()
    known = named("Service")
    for name, block in external.services.items():
        service, _, domain = block.address.partition(".")
        assert domain == "wipe-drill.svc"
        ports = {str(port["port"]) for port in known[service]["spec"]["ports"]}
        assert service != name or {block.port, *block.ports.values()} == ports


def test_every_command_is_one_that_the_target_has(contract: Contract) -> None:
    external = block_of(contract)
    assert external is not None
    isolation, down = external.isolation, external.down
    assert isolation is not None
    assert down is not None
    commands = [isolation.probe, down]
    for block in external.services.values():
        commands += [one for one in (block.start, block.stop, block.exec, block.logs, block.since) if one]
    known = {*named("Deployment"), *named("StatefulSet")}
    for program, verb, *rest in commands:
        assert (contract.directory / program).resolve().is_file()
        assert f"\n{verb} " in usage()
        assert verb in {"probe", "down"} or rest[0] in known


def usage() -> str:
    """What the wrapper says of itself when it is asked for something that it does not have."""
    done = subprocess.run(
        [sys.executable, EXAMPLE / "target.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 125, "no ending of a tool's"
    return done.stderr


def test_every_variable_of_the_block_is_set_in_the_drills_pod(contract: Contract) -> None:
    text = (EXAMPLE / "external.yaml").read_text()
    wanted = set(re.findall(r"\$(\w+)", text))
    drill = pod_of(named("CronJob")["restore-drill"])["containers"][0]
    assert wanted <= {one["name"] for one in drill["env"]}


# ---- what the wrapper makes of what a drill restored


@pytest.fixture
def wrapper(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return EXAMPLE


def test_a_secret_holds_the_restored_files_as_one_tar(wrapper: Path, tmp_path: Path) -> None:
    import cluster

    files = {"signer/ca.crt": b"certificate", "nginx.conf": b"events {}\n"}
    secret = cluster.secret("signer-files", {"files.tar": cluster.packed(files)})
    kubernetes_validate.validate(secret, VERSION, strict=True)
    cluster.unpack(base64.b64decode(secret["data"]["files.tar"]), tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in files} == {0o600}


@pytest.mark.parametrize("name", ["../outside", "/etc/outside"])
def test_nothing_is_taken_back_from_a_tool_but_what_is_its_own(
    wrapper: Path, tmp_path: Path, name: str
) -> None:
    import cluster

    place = tmp_path / "work"
    place.mkdir()
    with pytest.raises(cluster.Refused, match="outside"):
        cluster.unpack(cluster.packed({name: b""}), place)
    assert list(tmp_path.iterdir()) == [place]


def test_a_pod_knows_every_service_by_name_but_itself(wrapper: Path) -> None:
    import target

    addresses = (f"10.0.0.{number}" for number in itertools.count(1))
    services = [
        {"metadata": one["metadata"], "spec": {"clusterIP": address}}
        for one, address in zip(named("Service").values(), addresses, strict=False)
    ]
    patch = target.patch("worker", ["--held"], services)
    workload = named("Deployment")["worker"]
    pod = patch["spec"]["template"]["spec"]
    assert pod["containers"] == [{"name": "worker", "args": ["--held"]}]
    names = {name for alias in pod["hostAliases"] for name in alias["hostnames"]}
    assert names == {*named("Service"), "wipe.example"}
    patched = target.patch("nginx", [], services)["spec"]["template"]["spec"]["hostAliases"]
    assert not {"nginx", "wipe.example"} & {name for alias in patched for name in alias["hostnames"]}
    workload = json.loads(json.dumps(workload))
    workload["spec"]["template"]["spec"].update({"hostAliases": pod["hostAliases"]})
    kubernetes_validate.validate(workload, VERSION, strict=True)


def test_services_get_the_restored_environment_in_their_own_words(
    wrapper: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import restored

    (tmp_path / "environment.env").write_text(
        "KEYCLOAK_DATABASE_URL=postgresql://keycloak:p%40ss@postgres:5432/keycloak\n"
        "PUBLIC_URL=https://wipe.example:8443\nSMTP_USER=u\nSMTP_PASSWORD=a=b\nSESSION_SECRET=s\n"
    )
    monkeypatch.setenv("RESTOREPROOF_ENVIRONMENT", str(tmp_path / "environment.env"))
    keycloak, _ = restored.adapted("keycloak")
    assert keycloak["KC_DB_URL"] == "jdbc:postgresql://postgres:5432/keycloak"
    assert keycloak["KC_DB_PASSWORD"] == "p@ss"
    smtp, _ = restored.adapted("smtp")
    assert smtp == {"SMTP_USER": "u", "SMTP_PASSWORD": "a=b"}
    api, _ = restored.adapted("api")
    assert api["SESSION_SECRET"] == "s"


def test_the_role_allows_each_secret_that_a_start_makes(contract: Contract) -> None:
    """Names of the Role and of the commands are kept apart, so a new service needs both."""
    external = block_of(contract)
    assert external is not None
    started = {name for name, block in external.services.items() if block.start}
    rules = named("Role")["restore-drill"]["rules"]
    allowed = {
        name for rule in rules if "secrets" in rule["resources"] for name in rule.get("resourceNames", ())
    }
    assert allowed == {f"{name}-{part}" for name in started for part in ("files", "environment")}
