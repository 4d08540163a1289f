"""Documentation/Configuration.md and Documentation/Commands.md have what the program has, no more and no less."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from service import BINARY, DEADLINE, clean_environment

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "Documentation/Configuration.md").read_text()
COMMANDS = (ROOT / "Documentation/Commands.md").read_text()
# Settings whose default counts only beside these.
COMPANIONS = {
    "WRIT_KEYS_ROTATION_EVERY": "90d",
    "WRIT_REPLAY_URL": "valkeys://127.0.0.1:6379",
    "WRIT_TRACING_ENDPOINT": "http://127.0.0.1:4318/v1/traces",
    "WRIT_TRUSTED_PROXIES_FROM": "10.0.0.0/8",
    "WRIT_VAULT_KUBERNETES_ROLE": "writ",
}


def table_rows(text, cells):
    """The cells of each row, without the heads of tables."""
    lines = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| `") and line.endswith(" |")]
    assert all(len(line) == cells for line in lines), [line for line in lines if len(line) != cells]
    return lines


SETTINGS = table_rows(CONFIGURATION.split("\n## Other variables")[0], 5)
KEYS = [key.strip("`") for key, *_ in SETTINGS]


def show(folder, environment):
    """The settings of a service that is configured by variables alone."""
    command = [BINARY, "config", "show", "--json"]
    environment = clean_environment({"WRIT_ISSUER": "http://localhost:8080", **environment})
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=DEADLINE)


def values(folder, environment):
    return {key: setting["value"] for key, setting in json.loads(show(folder, environment).stdout).items()}


def test_every_setting_has_one_row(tmp_path):
    assert sorted(KEYS) == sorted(values(tmp_path, {}))


def test_every_row_has_the_default_of_the_program(tmp_path):
    defaults, beside = values(tmp_path, {}), values(tmp_path, COMPANIONS)
    companions = {key for key in KEYS if variable(key) in COMPANIONS}
    for key, _, default, _, _ in SETTINGS:
        key = key.strip("`")
        stated = re.match("`([^`]*)`", default)
        if key == "issuer":
            assert default == "required"
        elif stated:
            actual = defaults[key] if defaults[key] is not None or key in companions else beside[key]
            assert stated[1] == actual, key
        else:
            assert defaults[key] is None, key


def variable(key):
    return "WRIT_" + key.replace(".", "_").upper()


@pytest.mark.parametrize("row", SETTINGS, ids=KEYS)
def test_the_program_reads_the_variable_of_each_row(row, tmp_path):
    key, (name, *options) = row[0].strip("`"), re.findall("`([^`]+)`", row[1])
    assert name == variable(key)
    # Whatever a setting is, the program either takes this text or reports the variable.
    result = show(tmp_path, {name: "?"})
    if result.returncode == 0:
        assert json.loads(result.stdout)[key] == {"value": "?", "from": name}
    else:
        assert f"{name}: " in result.stderr
    assert options in ([], ["--" + key.replace("_", "-")])


def test_the_options_of_the_rows_are_those_of_serve():
    text = subprocess.run([BINARY, "serve", "--help"], capture_output=True, check=True, encoding="utf-8").stdout
    stated = {option for row in SETTINGS for option in re.findall("`(--[^`]+)`", row[1])}
    assert stated | {"--config", "--version", "--help"} == set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", text))


def test_the_rows_say_which_changes_need_a_restart():
    """The service adopts what this list has: a unit test compares the list with what it does."""
    source = (ROOT / "Sources/ServiceFiles/Configuration/ServiceConfiguration+Changing.swift").read_text()
    adopted = re.findall('"([^"]+)"', re.search(r"adoptedNames = \[(.*?)\]", source, re.S)[1])
    for key, _, _, restart, _ in SETTINGS:
        key = key.strip("`")
        is_adopted = any(key == name or key.startswith(f"{name}.") for name in adopted)
        assert restart == ("no" if is_adopted else "yes"), key


def test_the_example_is_a_configuration(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", CONFIGURATION, re.S)
    (tmp_path / "writ.yaml").write_text(example)
    result = subprocess.run(
        [BINARY, "config", "show", "--json"], cwd=tmp_path, env=clean_environment({}), capture_output=True, timeout=DEADLINE)
    assert json.loads(result.stdout)["access_token.lifetime"] == {"value": "10m", "from": "writ.yaml:4"}, result.stderr


def test_the_standard_variables_are_those_of_the_program():
    sources = "".join(file.read_text() for file in (ROOT / "Sources").rglob("*.swift"))
    stated = set(re.findall("`([A-Z]+_[A-Z_]+)`", CONFIGURATION.split("\n## Other variables")[1]))
    read = set(re.findall(r'"(OTEL_[A-Z_]+|SSL_CERT_[A-Z]+|HTTPS_PROXY|NO_PROXY|WRIT_CONFIG|WRIT_CLIENT_SECRET)"', sources))
    assert read | {"WRIT_ISSUER"} == stated


def synopsis(argument):
    """An argument as a row of Commands.md has it."""
    if argument["kind"] == "positional":
        text = f"`{argument['valueName'].upper()}`"
    else:
        text = f"`--{argument['names'][-1]['name']}" + (f" {argument['valueName'].upper()}`" if argument["kind"] == "option" else "`")
    if argument.get("defaultValue"):
        text += f" (`{argument['defaultValue']}`)"
    text += "..." if argument["isRepeating"] else ""
    return text if not argument["isOptional"] else f"[{text}]"


def commands(command, path):
    """The row of each command that does something."""
    nested = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
    if not nested:
        arguments = [each for each in command["arguments"] if each.get("valueName") not in ("version", "help")]
        words = " ".join(synopsis(each) for each in sorted(arguments, key=lambda each: each["isOptional"]))
        yield f"| `{' '.join(path)}` | {words} | {command['abstract']} |"
    for each in nested:
        yield from commands(each, [*path, each["commandName"]])


def test_every_command_has_one_row_with_its_options():
    dump = subprocess.run([BINARY, "--experimental-dump-help"], capture_output=True, check=True).stdout
    expected = list(commands(json.loads(dump)["command"], ["writ"]))
    assert len(expected) > 20
    assert [line for line in COMMANDS.splitlines() if line.startswith("| `writ")] == expected
