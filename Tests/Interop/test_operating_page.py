"""Each command of the pages for operators is run here, or by the test that its line names, or says why not."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from service import BINARY, DEADLINE, clean_environment, wait_until

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / f"Documentation/{name}.md").read_text() for name in ("Operating", "Deploying", "Commands", "CONTRIBUTING")}
PROGRAMS = r"writ|openssl|docker|podman|kubectl|script/[\w-]+|swift|source|rm|sudo|chmod|OPENSSL_\w+=|WRIT_\w+=|\(umask"


def command_lines(text, programs=PROGRAMS):
    """The commands in indented blocks, each with the lines that continue it."""
    found = []
    for line in text.splitlines():
        if found and re.search(r"[\\|](?: +#.*)?$", found[-1].splitlines()[-1]) and line.startswith("    "):
            found[-1] += "\n" + line.strip()
        elif re.match(rf"    (?:{programs})(?![\w:.]).*", line) or re.match(r"    \w+=\S+ ", line):
            found.append(line.strip())
        elif line.startswith("    # not run: "):
            found.append(line.strip())
    # A comment in a line of its own is about the command below it.
    return [f"{line}\n{found[index - 1]}" if index and found[index - 1].startswith("# ") else line
            for index, line in enumerate(found) if not line.startswith("# ")]


def to_run(page):
    return [line for line in command_lines(PAGES[page]) if "not run" not in line]


@pytest.mark.parametrize("page", PAGES)
def test_a_line_that_is_not_run_says_why(page):
    lines = command_lines(PAGES[page])
    assert lines
    for line in lines:
        assert "not run" not in line or re.search(r"not run(?: by a test)?: \w{2,}", line), line


def test_the_rest_is_run_here(own_service):
    assert to_run("CONTRIBUTING") == []
    (completion,) = to_run("Commands")
    assert own_service.shell(completion).returncode == 0


def test_operating(own_service):
    own_service.start()
    lines = to_run("Operating")
    assert len(lines) > 14
    for line in lines:
        line = line.replace("https://tokens.example.com", own_service.issuer)

        def works(line=line):
            # What the service has to take up first is there within two seconds.
            result = own_service.shell(line)
            own_service.secrets.update(re.findall(r"writ_cs_\S+", result.stdout))
            works.output = result.stdout + result.stderr
            return result.returncode == 0

        if "token request" in line:
            wait_until(f"$ {line}", works)
        else:
            assert works(), f"$ {line}\n{works.output}"


def test_deploying_with_tls(tmp_path):
    """The certificate to try TLS with."""
    writ = [BINARY, "init", "site", "--issuer", "https://localhost:8443", "--listen", "127.0.0.1:0", "--management", "off"]
    subprocess.run(writ, cwd=tmp_path, env=clean_environment({}), check=True, capture_output=True, timeout=DEADLINE)
    page = PAGES["Deploying"]
    (setting,) = re.findall(r"(?m)^    (tls: \{ certificate: .*\})$", page)
    with (tmp_path / "site/writ.yaml").open("a") as file:
        file.write(setting + "\n")
    lines = [line for line in to_run("Deploying") if line.startswith("openssl req") or line in ("chmod 600 tls.key", "writ config check")]
    assert len(lines) == 3
    result = subprocess.run(
        ["bash", "-ec", "\n".join(lines)], cwd=tmp_path / "site", env=clean_environment({}), capture_output=True, encoding="utf-8",
        timeout=DEADLINE)
    assert result.returncode == 0 and "writ.yaml: ok" in result.stdout + result.stderr, result.stdout + result.stderr


def test_deploying_in_a_container(tmp_path):
    """With the settings of the page's `docker run` the service would start, without Docker."""
    init, run = (line for line in command_lines(PAGES["Deploying"]) if line.startswith("docker run"))
    arguments = re.search(r"writ:\S+ (init .*?)(?: +#|$)", init.replace("\\\n", ""))[1].split()
    variables = dict(re.findall(r"--env (WRIT_\w+)=(\S+)", run))
    assert "--issuer" in arguments and variables

    def writ(*line, **environment):
        return subprocess.run(
            [BINARY, *line], cwd=tmp_path, env=clean_environment(environment), capture_output=True, encoding="utf-8", timeout=DEADLINE)

    assert writ(*arguments).returncode == 0
    assert "tls is not set" in writ("config", "check", "--running").stderr
    checked = writ("config", "check", "--running", **variables)
    assert (checked.returncode, "warning" in checked.stderr) == (0, False), checked.stderr


def test_the_commands_for_kubernetes_are_those_that_a_test_runs():
    """test_deployment.py runs the comment of kustomization.yaml, but for kubectl."""
    comment = re.findall(r"(?m)^#   (\S.*)$", (ROOT / "docker/kubernetes/kustomization.yaml").read_text())
    section = PAGES["Deploying"].split("\n## Kubernetes\n")[1].split("\n## ")[0]
    block = next(block for block in re.findall(r"(?:^    .*\n)+", section, re.M) if "mkdir keys" in block)

    def words(lines):
        return [re.sub(r"\s+#.*", "", line).strip() for line in lines]

    assert words(block.splitlines()) == words(comment)


def test_the_other_commands_of_deploying_have_a_test():
    """Those of Kubernetes and of TLS are run above; another one needs a test, or a reason."""
    kubernetes = PAGES["Deploying"].split("\n## Kubernetes\n")[1].split("\n## ")[0]
    others = [line for line in to_run("Deploying") if line.splitlines()[0] not in kubernetes]
    assert [line.split()[:2] for line in others] == [["script/package", "#"], ["openssl", "req"], ["chmod", "600"], ["writ", "config"]]


def test_each_field_of_a_request_in_the_log_is_explained():
    source = (ROOT / "Sources/Telemetry/RequestEvent.swift").read_text()
    section = PAGES["Operating"].split("\n## The log\n")[1].split("| `log_level` |")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    written = re.findall(r'\bmember\(\s*"(\w+)"', source)
    assert len(written) > 20
    # What a token is bound to: RFC 9449 section 6.1, RFC 8705 section 3.1.
    written += ["jkt", "x5t#S256"]
    assert set(re.findall("`([^`]+)`", "".join(rows))) == set(written)
    (line,) = re.findall(r'^    (\{"time":.*\})$', section, re.M)
    assert set(json.loads(line)) - {"time", "level", "message"} <= set(written)


def test_each_metric_has_a_row():
    sources = "".join(file.read_text() for file in (ROOT / "Sources").rglob("*.swift"))
    # A name that ends in _ is the beginning of a secret or of a refresh token.
    names = {name for name in re.findall(r'"(writ_[a-z_]+)"', sources) if not name.endswith("_")}
    assert len(names) > 40
    section = PAGES["Operating"].split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert set(re.findall("`(writ_[a-z_]+)`", "".join(rows))) == names


def test_each_alert_has_the_place_that_its_runbook_names():
    """The page has a line for each alert, under its last heading or with a link to another section."""
    rules = (ROOT / "docker/alerts.yml").read_text()
    runbooks = dict(re.findall(r"- alert: (\w+)\n.*?runbook: Documentation/(\S+)\n", rules, re.S))
    assert len(runbooks) > 20
    section = PAGES["Operating"].split("\n## When an alert fires\n")[1]
    for alert, place in runbooks.items():
        lines = [line for line in section.splitlines() if f"`{alert}`" in line]
        assert len(lines) == 1, alert
        if place != "Operating.md#when-an-alert-fires":
            assert f"({place.removeprefix('Operating.md')})" in lines[0], alert
