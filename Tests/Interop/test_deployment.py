"""What is in docker/ for those who run the service: Kubernetes objects, alerts, dashboard.

There is no cluster here. The objects are read with the published schemas, the pods' programs run as the pods would run them,
and an API server that knows one Secret stands in for the one that the rotating job writes to.
"""

import base64
import contextlib
import copy
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import kubernetes_validate
import pytest
import requests
import yaml

from service import BINARY, DEADLINE, clean_environment, free_addresses, wait_until

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
KUBERNETES = DOCKER / "kubernetes"
# Objects that kustomization.yaml names in comments.
EXAMPLES = ["ingress.yaml", "horizontalpodautoscaler.yaml"]

HISTOGRAMS = {
    "writ_request_duration_seconds",
    "writ_signing_queue_wait_seconds",
    "writ_remote_signature_seconds",
}
METRICS = HISTOGRAMS | {
    "writ_build_info",
    "writ_ready",
    "writ_clients",
    "writ_issuers",
    "writ_dpop_proofs_total",
    "writ_identity_requests_total",
    "writ_issuer_keys_last_fetch_successful",
    "writ_issuer_keys_fetched_timestamp_seconds",
    "writ_issuer_keys_fetches_failed_total",
    "writ_replay_store_up",
    "writ_replay_store_requests_total",
    "writ_remote_signatures_total",
    "writ_remote_signatures_in_flight",
    "writ_remote_signatures_waiting",
    "writ_token_requests_total",
    "writ_tokens_reused_total",
    "writ_status_lists_signed_total",
    "writ_revocation_requests_total",
    "writ_requests_over_limit_total",
    "writ_client_last_used_timestamp_seconds",
    "writ_client_uses_since_timestamp_seconds",
    "writ_state_up",
    "writ_state_failures_total",
    "writ_state_saved_timestamp_seconds",
    "writ_introspection_requests_total",
    "writ_signing_queue_depth",
    "writ_signing_queue_capacity",
    "writ_requests_shed_total",
    "writ_requests_throttled_total",
    "writ_reloads_total",
    "writ_last_reload_successful",
    "writ_last_reload_timestamp_seconds",
    "writ_reload_problems",
    "writ_client_entries_refused",
    "writ_key_state",
    "writ_key_next_change_timestamp_seconds",
    "writ_client_secret_expiry_timestamp_seconds",
    "writ_first_secret_expiry_timestamp_seconds",
    "writ_open_connections",
    "writ_refusals_total",
    "writ_requests_refused_total",
    "writ_tls_handshakes_failed_total",
    "writ_connections_refused_total",
    "writ_log_lines_dropped_total",
    "writ_tls_certificate_expiry_timestamp_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
    "process_threads",
}


def metrics_in(expression) -> set[str]:
    """The metrics that a PromQL expression or a variable of the dashboard names."""
    names = set(re.findall(r"\b(?:writ|process)_\w+", expression))
    parts = re.compile(rf"({'|'.join(HISTOGRAMS)})_(?:bucket|sum|count)")
    return {parts.sub(r"\1", name) for name in names}


# The objects


def load(path):
    return yaml.safe_load(path.read_text())


def files_of(generator):
    return {name: (KUBERNETES / name).read_text() for name in generator["files"]}


def objects_by_hand() -> list[dict]:
    """What kustomize would make, less hashes, namespaces and images."""
    kustomization = load(KUBERNETES / "kustomization.yaml")
    objects = [load(KUBERNETES / name) for name in kustomization["resources"]]
    for generator in kustomization["configMapGenerator"]:
        name, data = generator["name"], files_of(generator)
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
    for generator in kustomization["secretGenerator"]:
        name, data = generator["name"], {key: encoded(text.encode()) for key, text in files_of(generator).items()}
        objects.append(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}
        )
    return objects


@cache
def kustomize() -> list[str] | None:
    """A kustomize that is not too old: Debian's kubectl has one of 2019."""
    for command, version in [(["kustomize", "build"], ["kustomize", "version"]), (["kubectl", "kustomize"], None)]:
        if not shutil.which(command[0]):
            continue
        output = subprocess.run(
            version or ["kubectl", "version", "--client"], capture_output=True, encoding="utf-8", timeout=DEADLINE
        ).stdout
        found = re.search(r"(?:Kustomize Version: )?v(\d+)\.", output if version else output.partition("Kustomize")[2])
        if found and int(found.group(1)) >= 5:
            return command
    return None


@cache
def objects_by_kustomize() -> list[dict]:
    if kustomize() is None:
        pytest.skip("there is no kustomize of version 5 or later, nor a kubectl with one")
    output = subprocess.run(
        [*kustomize(), KUBERNETES], capture_output=True, encoding="utf-8", timeout=DEADLINE, check=True
    ).stdout
    return list(yaml.safe_load_all(output))


@pytest.fixture(params=["as they are", "kustomize"])
def objects(request):
    return copy.deepcopy(objects_by_kustomize() if request.param == "kustomize" else objects_by_hand())


def the(objects, kind, name="writ"):
    [found] = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pods(objects) -> dict[str, dict]:
    """Labels and spec of the pods that the objects lead to."""
    return {
        "deployment": the(objects, "Deployment")["spec"]["template"],
        "rotation": the(objects, "CronJob", "writ-keys-rotation")["spec"]["jobTemplate"]["spec"]["template"],
    }


def containers(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def seconds(duration):
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]


class TestObjects:
    def test_every_file_is_in_use(self):
        kustomization = load(KUBERNETES / "kustomization.yaml")
        used = set(kustomization["resources"])
        for generator in kustomization["configMapGenerator"] + kustomization["secretGenerator"]:
            used |= set(generator["files"])
        for name in EXAMPLES:
            assert f"# - {name}" in (KUBERNETES / "kustomization.yaml").read_text()
        there = {path.name for path in KUBERNETES.glob("*.yaml")}
        assert there == used | {"kustomization.yaml", *EXAMPLES}

    # The oldest one that kustomization.yaml speaks of, and the newest one that is known here.
    @pytest.mark.parametrize("version", ["1.27", kubernetes_validate.latest_version()])
    def test_schemas(self, objects, version):
        for each in [*objects, *(load(KUBERNETES / name) for name in EXAMPLES)]:
            kubernetes_validate.validate(each, version, strict=True)

    def test_names_lead_somewhere(self, objects):
        there = {(each["kind"], each["metadata"]["name"]) for each in objects}
        # The first is made by hand; the second by Kubernetes.
        there |= {("Secret", "writ-keys"), ("ConfigMap", "kube-root-ca.crt")}
        for pod in pods(objects).values():
            volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
            for volume in volumes.values():
                if "secret" in volume:
                    assert ("Secret", volume["secret"]["secretName"]) in there
                for source in volume.get("projected", {}).get("sources", []):
                    for kind, word in [("ConfigMap", "configMap"), ("Secret", "secret")]:
                        assert word not in source or (kind, source[word]["name"]) in there
            mounted = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
            assert mounted == set(volumes)
        deployed, rotating = pods(objects).values()
        ports = {port["name"]: port["containerPort"] for port in containers(deployed)[0]["ports"]}
        for service in (each for each in objects if each["kind"] == "Service"):
            assert service["spec"]["selector"].items() <= deployed["metadata"]["labels"].items()
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert ports[containers(deployed)[0][probe]["httpGet"]["port"]] == 8081
        for selecting in (the(objects, "Deployment"), the(objects, "PodDisruptionBudget")):
            assert selecting["spec"]["selector"]["matchLabels"].items() <= deployed["metadata"]["labels"].items()
        for constraint in deployed["spec"]["topologySpreadConstraints"]:
            assert constraint["labelSelector"]["matchLabels"].items() <= deployed["metadata"]["labels"].items()
        for name, pod, other in [("writ", deployed, rotating), ("writ-keys-rotation", rotating, deployed)]:
            policy = the(objects, "NetworkPolicy", name)["spec"]
            assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
            assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
            assert not policy["podSelector"]["matchLabels"].items() <= other["metadata"]["labels"].items()
        account = rotating["spec"]["serviceAccountName"]
        assert ("ServiceAccount", account) in there
        binding = the(objects, "RoleBinding", "writ-keys-rotation")
        assert [subject["name"] for subject in binding["subjects"]] == [account]
        assert ("Role", binding["roleRef"]["name"]) in there
        backend = load(KUBERNETES / "ingress.yaml")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        behind = the(objects, "Service", backend["name"])["spec"]["ports"]
        assert backend["port"]["name"] in {port["name"] for port in behind}

    def test_the_autoscaler_leads_to_the_deployment(self, objects):
        scaler = load(KUBERNETES / "horizontalpodautoscaler.yaml")["spec"]
        deployment = the(objects, "Deployment")
        target = scaler["scaleTargetRef"]
        assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
        assert target["apiVersion"] == deployment["apiVersion"]
        # A share of the processors needs something that it is a share of.
        assert [metric["resource"]["name"] for metric in scaler["metrics"]] == ["cpu"]
        assert "cpu" in containers(deployment["spec"]["template"])[0]["resources"]["requests"]
        assert the(objects, "PodDisruptionBudget")["spec"]["minAvailable"] < scaler["minReplicas"] < scaler["maxReplicas"]

    def test_pods_may_do_little(self, objects):
        namespace = the(objects, "Namespace")
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        for pod in pods(objects).values():
            spec = pod["spec"]
            assert spec["automountServiceAccountToken"] is False
            # A Service called writ would give variables that begin with WRIT_.
            assert spec["enableServiceLinks"] is False
            assert spec["securityContext"]["runAsNonRoot"] is True
            for name in ("runAsUser", "runAsGroup", "fsGroup"):
                assert spec["securityContext"][name] == 65532
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in containers(pod):
                context = container["securityContext"]
                assert context["allowPrivilegeEscalation"] is False
                assert context["readOnlyRootFilesystem"] is True
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}
                assert "memory" in container["resources"]["limits"]
            for volume in spec["volumes"]:
                mounted = volume.get("projected") or volume.get("secret")
                assert mounted is None or mounted["defaultMode"] == 0o440
        assert the(objects, "Role", "writ-keys-rotation")["rules"] == [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["writ-keys"], "verbs": ["get", "update"]}
        ]

    def test_only_what_needs_it_speaks_to_the_api_server(self, objects):
        deployed, rotating = pods(objects).values()
        for container in containers(deployed) + containers(rotating):
            has_token = "api-access" in {mount["name"] for mount in container["volumeMounts"]}
            assert has_token == (container["name"] == "rotate")

    def test_no_image_is_the_latest(self, objects):
        """Each is named with a version: ours with that of the program."""
        compose = load(DOCKER / "compose.yaml")["services"].values()
        dockerfile = (DOCKER / "Dockerfile").read_text()
        stages = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.M)) | {"scratch"}
        built = set(re.findall(r"^(?:FROM|COPY --from=)\s*(\S+)", dockerfile.replace("--from=", "--from= "), re.M))
        images = {image for image in built - stages}
        images |= {service["image"] for service in compose}
        images |= {container["image"] for pod in pods(objects).values() for container in containers(pod)}
        images |= {f"{each['newName']}:{each['newTag']}" for each in load(KUBERNETES / "kustomization.yaml")["images"]}
        [version] = re.findall(r'version = "(.*)"', (ROOT / "Sources/AccessToken/Release.swift").read_text())
        for image in images:
            name, _, tag = image.rpartition(":")
            assert re.search(r"\d+\.\d+", tag), image
            if name.startswith("writ"):
                assert tag == version
        assert {"swift", "prom/prometheus", "grafana/grafana", "writ", "writ-rotation", "writ-demo-api"} <= {
            image.rpartition(":")[0] for image in images
        }

    def test_requests_have_time_to_end(self, objects):
        configuration = load(KUBERNETES / "writ.yaml")
        grace = the(objects, "Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        # 30 s is what the service gives requests that it has accepted.
        assert grace > seconds(configuration["drain_delay"]) + 30

    def test_updates_and_evictions_leave_enough(self, objects):
        deployment = the(objects, "Deployment")["spec"]
        assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert the(objects, "PodDisruptionBudget")["spec"]["minAvailable"] < deployment["replicas"]

    def test_a_change_of_the_configuration_rolls_and_one_of_the_clients_does_not(self):
        volumes = pods(objects_by_kustomize())["deployment"]["spec"]["volumes"]
        [projected] = [volume["projected"]["sources"] for volume in volumes if "projected" in volume]
        assert re.fullmatch(r"writ-config-\w+", projected[0]["configMap"]["name"])
        assert projected[1]["secret"]["name"] == "writ-clients"

    def test_nobody_can_get_in_who_was_not_added(self):
        assert load(KUBERNETES / "clients.yaml") == {"clients": []}
        assert not (KUBERNETES / "keys").exists() or "/keys/" in (KUBERNETES / ".gitignore").read_text()


# The programs


@cache
def pod_user() -> dict:
    """For `subprocess`: the user of the pods, where this user may become another and that one can read the binary."""
    if os.geteuid() != 0:
        return {}
    user = {"user": 65532, "group": 65532, "extra_groups": []}
    with contextlib.suppress(OSError):
        if subprocess.run([BINARY, "--version"], capture_output=True, timeout=DEADLINE, cwd="/", **user).returncode == 0:
            return user
    return {}


@pytest.fixture
def folder():
    """A folder that the pods' user can look into, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="writ-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def prepared(folder):
    """docker/kubernetes after the commands of kustomization.yaml's comment that need no cluster."""
    copied = folder / "kubernetes"
    shutil.copytree(KUBERNETES, copied, ignore=shutil.ignore_patterns("keys"))
    lines = re.findall(r"^#   (\S.*)$", (copied / "kustomization.yaml").read_text(), re.M)
    commands = [line for line in lines if not line.startswith("kubectl ") and line != "rm -r keys"]
    assert [line.split()[0] for line in commands] == ["(umask", "writ", "writ", "writ", "rm"]
    result = subprocess.run(
        ["bash", "-euc", "\n".join(commands)],
        cwd=copied,
        env=clean_environment({}),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    [secret] = re.findall(r"writ_cs_[\w-]+", result.stdout)
    return copied, secret


def mount(folder, files: dict[str, bytes]):
    """As the kubelet mounts: links by way of ..data, files of root that a group may read."""
    data = folder / "..2026_11_23_09_30_00.000000000"
    data.mkdir(parents=True)
    for name, content in files.items():
        (data / name).write_bytes(content)
        if pod_user():
            os.chown(data / name, 0, 65532)
        (data / name).chmod(0o440 if pod_user() else 0o400)
        (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data").symlink_to(data.name)


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def in_place(arguments, places: dict[str, Path]) -> list[str]:
    """The arguments with this machine's folders in place of the pod's."""
    for there, here in places.items():
        arguments = [re.sub(rf"(?<![\w/]){re.escape(there)}(?![\w-])", str(here), argument) for argument in arguments]
    return arguments


def test_a_pod_serves(prepared, folder):
    copied, secret = prepared
    places = {"/etc/writ": folder / "etc", "/keys": folder / "keys"}
    mount(places["/etc/writ"], {name: (copied / name).read_bytes() for name in ("writ.yaml", "clients.yaml")})
    mount(places["/keys"], contents(copied / "keys"))
    [container] = containers(pods(objects_by_hand())["deployment"])
    variables = {each["name"]: each["value"] for each in container["env"]}
    # The ports of the pod may be taken here.
    listen, management = free_addresses(2)
    variables |= {"WRIT_LISTEN": listen, "WRIT_MANAGEMENT": management, "WRIT_DRAIN_DELAY": "0s"}
    variables["WRIT_KEYS"] = in_place([variables["WRIT_KEYS"]], places)[0]
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [BINARY, *in_place(container["args"], places)],
            cwd="/",
            env=clean_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            **pod_user(),
        )
    try:

        def is_ready():
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"http://{management}/readyz", timeout=DEADLINE).status_code == 200

        wait_until("the pod is ready", is_ready)
        assert requests.get(f"http://{management}/healthz", timeout=DEADLINE).status_code == 200
        answer = requests.post(
            f"http://{listen}/oauth2/token",
            auth=("reporting", secret),
            data={"grant_type": "client_credentials"},
            timeout=DEADLINE,
        )
        assert answer.status_code == 200, answer.text
        text = requests.get(f"http://{management}/metrics", timeout=DEADLINE).text
        told = set(re.findall(r"^# TYPE (\w+)", text, re.M))
        # Alerts and dashboard are compared with this list; it must be true.
        assert told <= METRICS
        assert METRICS - told <= {
            "writ_revocation_requests_total",
            "writ_introspection_requests_total",
            "writ_identity_requests_total",
            "writ_issuer_keys_last_fetch_successful",
            "writ_issuer_keys_fetched_timestamp_seconds",
            "writ_issuer_keys_fetches_failed_total",
            "writ_replay_store_up",
            "writ_replay_store_requests_total",
            "writ_remote_signatures_total",
            "writ_remote_signature_seconds",
            "writ_requests_over_limit_total",
            "writ_state_up",
            "writ_state_failures_total",
            "writ_state_saved_timestamp_seconds",
            "writ_key_next_change_timestamp_seconds",
            "writ_client_secret_expiry_timestamp_seconds",
            "writ_first_secret_expiry_timestamp_seconds",
            "writ_tls_certificate_expiry_timestamp_seconds",
        }
    finally:
        process.terminate()
        status = process.wait(timeout=DEADLINE)
    assert status == 0, log.read_text()
    assert "error" not in {json.loads(line)["level"] for line in log.read_text().splitlines()}


def encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


class APIServer:
    """Knows one Secret, and refuses to replace it by what was made from an older version."""

    PATH = "/api/v1/namespaces/writ/secrets/writ-keys"

    def __init__(self, data: dict[str, bytes], changed: datetime):
        stamp = changed.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.requests = []
        # Whether another client changes the Secret after each read.
        self.meddles = False
        self.secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": "writ-keys",
                "namespace": "writ",
                "uid": "b1f1c9a4-0d7f-4c39-9d1b-2d0c3a6d3c11",
                "resourceVersion": "41",
                "creationTimestamp": "2020-01-01T00:00:00Z",
                "labels": {"team": "identity"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "a copy of the first keys"},
                "managedFields": [
                    {"manager": "kubectl-create", "operation": "Update", "apiVersion": "v1", "time": stamp}
                ],
            },
            "data": {name: encoded(octets) for name, octets in data.items()},
        }
        knows = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status, body):
                octets = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def refuse(self, status, reason):
                self.answer(
                    status,
                    {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": status},
                )

            def body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers["Content-Length"]))
                octets = b""
                while size := int(self.rfile.readline(), 16):
                    octets += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return octets

            def do_GET(self):
                knows.requests.append(("get", self.path))
                if self.path == APIServer.PATH:
                    self.answer(200, knows.secret)
                    if knows.meddles:
                        knows.change(copy.deepcopy(knows.secret))
                else:
                    self.refuse(403, "Forbidden")

            def do_PUT(self):
                knows.requests.append(("update", self.path))
                body = json.loads(self.body())
                if self.path != APIServer.PATH:
                    self.refuse(403, "Forbidden")
                elif body["metadata"]["resourceVersion"] != knows.secret["metadata"]["resourceVersion"]:
                    self.refuse(409, "Conflict")
                else:
                    knows.change(body)
                    self.answer(200, knows.secret)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def change(self, secret):
        self.secret = secret
        secret["metadata"]["resourceVersion"] = str(int(secret["metadata"]["resourceVersion"]) + 1)

    @property
    def data(self) -> dict[str, bytes]:
        return {name: base64.b64decode(value) for name, value in self.secret["data"].items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def rotate(server: APIServer, folder: Path, configuration: Path, shell: list[str], status=0) -> str:
    """Runs the job as its pod would. Returns what gets into its log."""
    etc = folder / f"etc-{len(list(folder.glob('etc-*')))}"
    mount(etc, {name: (configuration / name).read_bytes() for name in ("writ.yaml", "clients.yaml")})
    kubeconfig = etc / "kubeconfig"
    cluster = {"server": "http://127.0.0.1:{}".format(server.server.server_port)}
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "writ"}}],
                "users": [{"name": "u", "user": {}}],
                "current-context": "c",
            }
        )
    )
    [container] = containers(pods(objects_by_hand())["rotation"])
    command, *options = container["command"]
    assert command == "sh"
    variables = {each["name"]: each.get("value", "writ") for each in container["env"]}
    result = subprocess.run(
        [*shell, *options, *in_place(container["args"], {"/etc/writ": etc})],
        cwd="/",
        env=clean_environment({**variables, "KUBECONFIG": str(kubeconfig)}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        **pod_user(),
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0 if status == 0 else result.returncode != 0, output
    return output


# Of the image, the shell is busybox's.
@pytest.fixture(params=["sh", "busybox sh"])
def shell(request):
    for command in ("kubectl", request.param.split()[0]):
        if not shutil.which(command):
            pytest.skip(f"there is no {command}")
    return request.param.split()


LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


class TestRotation:
    def test_the_next_keys(self, prepared, folder, shell):
        copied, _ = prepared
        before = contents(copied / "keys")
        assert set(before) == {"rs256.pem", "xaes-256-gcm.sealing"}
        began = datetime.now(timezone.utc)
        with APIServer(before, LONG_AGO) as server:
            output = rotate(server, folder, copied, shell)
            after = server.data
            assert before.items() <= after.items()
            new = sorted(set(after) - set(before))
            assert [re.sub(r"^\d{8}T\d{6}Z-", "", name) for name in new] == ["rs256.pem", "xaes-256-gcm.sealing"]
            for name in new:
                start = datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
                assert timedelta(minutes=59) < start - began < timedelta(minutes=61)
                assert name in output
            metadata = server.secret["metadata"]
            assert metadata["labels"] == {"team": "identity"}
            assert "last-applied" not in json.dumps(metadata)
            # The role allows no more; what anybody may see, some builds of kubectl look at first.
            asked = {(verb, path) for verb, path in server.requests if not path.startswith("/version")}
            assert asked == {("get", APIServer.PATH), ("update", APIServer.PATH)}
        # The log of a job may be read by many.
        assert "PRIVATE KEY" not in output
        for octets in after.values():
            # Of PEM some line in the middle; of a sealing key all of it.
            lines = octets.decode().splitlines()
            assert lines[len(lines) // 2] not in output
            assert encoded(octets)[:40] not in output
        # What was made is what a service reads.
        made = folder / "made"
        mount(made / "keys", after)
        mount(made / "etc", {name: (copied / name).read_bytes() for name in ("writ.yaml", "clients.yaml")})
        check = [BINARY, "config", "check", "--running", "--config", made / "etc/writ.yaml"]
        result = subprocess.run(
            check, env=clean_environment({"WRIT_KEYS": str(made / "keys")}), capture_output=True, encoding="utf-8",
            cwd="/", timeout=DEADLINE, **pod_user(),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr

    def test_a_job_that_is_run_again_changes_nothing(self, prepared, folder, shell):
        """As when only the answer of the API server was lost."""
        copied, _ = prepared
        with APIServer(contents(copied / "keys"), LONG_AGO) as server:
            rotate(server, folder, copied, shell)
            after = server.data
            assert "no further key was made" in rotate(server, folder, copied, shell)
            assert server.data == after

    def test_of_two_that_meet_one_gives_way(self, prepared, folder, shell):
        copied, _ = prepared
        before = contents(copied / "keys")
        with APIServer(before, LONG_AGO) as server:
            server.meddles = True
            assert "conflict" in rotate(server, folder, copied, shell, status=1).lower()
            assert server.data == before
            # The next try begins anew.
            server.meddles = False
            rotate(server, folder, copied, shell)
            assert before.items() < server.data.items()

    @pytest.mark.parametrize("is_recent", [False, True], ids=["old", "just changed"])
    def test_keys_that_have_expired(self, prepared, folder, shell, is_recent):
        """They go, but not while replicas may hold their successor back."""
        copied, _ = prepared
        keys = contents(copied / "keys")
        data = {
            "20200101T000000Z-rs256.pem": keys["rs256.pem"],
            "20210101T000000Z-rs256.pem": self.another_key(copied),
        }
        changed = datetime.now(timezone.utc) if is_recent else LONG_AGO
        with APIServer(data, changed) as server:
            rotate(server, folder, copied, shell)
            assert "20210101T000000Z-rs256.pem" in server.data
            assert ("20200101T000000Z-rs256.pem" in server.data) == is_recent

    def another_key(self, copied) -> bytes:
        command = [BINARY, "keys", "rotate"]
        subprocess.run(command, cwd=copied, env=clean_environment({}), capture_output=True, check=True, timeout=DEADLINE)
        [path] = (copied / "keys").glob("2*Z-rs256.pem")
        return path.read_bytes()

    @pytest.mark.parametrize("data", [{}, None, {"rs256.pem": "aGFsZg=="}], ids=["empty", "no data", "half a key"])
    def test_nothing_is_written_if_nothing_can_be_rotated(self, prepared, folder, shell, data):
        copied, _ = prepared
        with APIServer({}, LONG_AGO) as server:
            server.secret["data"] = data
            assert "error: standard input" in rotate(server, folder, copied, shell, status=1)
            assert ("update", APIServer.PATH) not in server.requests


# Alerts


def headings(page) -> set[str]:
    """The anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def query_of_the_page():
    """The one that Operating.md shows."""
    (query,) = re.findall(r"^ {4,}(time\(\).*)$", (ROOT / "Documentation/Operating.md").read_text(), re.M)
    return query


@pytest.fixture
def promtool():
    path = shutil.which("promtool")
    if not path:
        pytest.skip("there is no promtool (Debian: prometheus)")

    def run(*arguments):
        result = subprocess.run(
            [path, *arguments], cwd=DOCKER, capture_output=True, encoding="utf-8", timeout=10 * DEADLINE
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


RULES = [rule for group in load(DOCKER / "alerts.yml")["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}


class TestAlerts:
    def test_prometheus_reads_them(self, promtool):
        assert "SUCCESS" in promtool("check", "config", "prometheus.yml")
        assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.yml")

    def test_they_fire_and_they_do_not(self, promtool):
        assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml")

    @pytest.mark.parametrize("name", ALERTS)
    def test_an_alert_is_seen_firing(self, name):
        expected = re.findall(rf'alertname="{name}"[^}}]*', (DOCKER / "alerts.test.yml").read_text())
        assert any('alertstate="firing"' in each for each in expected)

    @pytest.mark.parametrize("name", ALERTS)
    def test_an_alert_says_what_to_do(self, name):
        alert = ALERTS[name]
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert alert["annotations"].keys() == {"summary", "description", "runbook"}
        page, _, heading = alert["annotations"]["runbook"].partition("#")
        assert heading in headings(ROOT / page)

    def test_the_metrics_are_there(self):
        recorded = {rule["record"] for rule in RULES if "record" in rule}
        for rule in RULES:
            expression = rule["expr"]
            for name in recorded:
                expression = expression.replace(name, "")
            assert metrics_in(expression) <= METRICS

    def test_one_metric_of_a_job(self):
        """Others have process_ metrics too."""
        for rule in RULES:
            for name in metrics_in(rule["expr"]):
                assert f'{name}{{job="writ"' in rule["expr"] or name in HISTOGRAMS

    def test_memory_goes_with_the_limit(self):
        [container] = containers(pods(objects_by_hand())["deployment"])
        limit = int(container["resources"]["limits"]["memory"].removesuffix("Mi"))
        [threshold] = re.findall(r"> (\d+) \* 1024 \* 1024", ALERTS["WritMemoryHigh"]["expr"])
        assert int(threshold) == round(limit * 0.8)

    def test_a_rotation_a_quarter_is_not_stalled(self):
        [days] = re.findall(r"> (\d+) \* 86400", ALERTS["WritKeyRotationStalled"]["expr"])
        schedule = the(objects_by_hand(), "CronJob", "writ-keys-rotation")["spec"]["schedule"]
        assert schedule.split()[2:] == ["1", "1,4,7,10", "*"]
        assert int(days) > 92


# The dashboard

DASHBOARD = json.loads((DOCKER / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions():
    for panel in PANELS:
        for target in panel["targets"]:
            yield target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["expr"]


class TestDashboard:
    def test_it_belongs_to_no_instance(self):
        assert DASHBOARD["schemaVersion"] >= 39
        assert "id" not in DASHBOARD
        variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
        assert variables == {"datasource": "datasource", "job": "query", "instance": "query"}
        sources = re.findall(r'"uid": "([^"]*)"', json.dumps(DASHBOARD))
        # The dashboard's own, and Grafana's for what it notes itself.
        assert set(sources) == {"writ", "${datasource}", "-- Grafana --"}

    def test_panels_say_what_they_show(self):
        assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
        assert len({panel["title"] for panel in PANELS}) == len(PANELS)
        for panel in PANELS:
            assert panel["title"] and panel["description"].endswith(".")
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert {target["datasource"]["uid"] for target in [panel, *panel["targets"]]} == {"${datasource}"}

    def test_panels_do_not_overlap(self):
        taken = set()
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken
            taken |= cells

    def test_the_metrics_are_there(self):
        queries = [variable["definition"] for variable in DASHBOARD["templating"]["list"] if "definition" in variable]
        named = set().union(*(metrics_in(each) for each in [*expressions(), *queries]))
        # Each of them is on it.
        assert named == METRICS

    def test_the_query_of_the_page_names_metrics(self):
        assert metrics_in(query_of_the_page()) and metrics_in(query_of_the_page()) <= METRICS

    def test_expressions_parse(self, promtool, tmp_path):
        replacements = {"$__rate_interval": "5m", "$__interval": "1m", "$job": "writ", "$instance": ".*"}
        rules = []
        for number, expression in enumerate([*expressions(), query_of_the_page()]):
            for variable, value in replacements.items():
                expression = expression.replace(variable, value)
            assert "$" not in expression
            rules.append({"record": f"dashboard:{number}", "expr": expression})
        file = tmp_path / "rules.yml"
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        assert f"{len(rules)} rules found" in promtool("check", "rules", file)
