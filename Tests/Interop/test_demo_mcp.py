"""script/demo-mcp: an MCP server of Python that accepts Writ's tokens, and the SDK's client, as in Documentation/MCP.md."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from service import SANITIZER

pytest.importorskip("mcp.client.auth.extensions.client_credentials", reason="no MCP SDK: `script/setup test` installs it")


@pytest.fixture(scope="module")
def output():
    if SANITIZER:
        pytest.skip("the script builds its own, without a sanitizer")
    root = Path(__file__).parents[2]
    result = subprocess.run([root / "script/demo-mcp"], capture_output=True, encoding="utf-8", timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def line(output, start):
    return next(line for line in output.splitlines() if line.startswith(start))


def test_a_tool_is_callable_with_a_token_for_this_resource_and_scope_only(output):
    challenges = {
        "without a token": "401 invalid_token",
        "for another resource": "401 invalid_token",
        "with another scope": "403 insufficient_scope",
    }
    for what, expected in challenges.items():
        status, error = expected.split()
        answer = line(output, what).removeprefix(what).split(maxsplit=1)
        assert answer[0] == status
        assert f'error="{error}"' in answer[1]
        assert re.search(r'resource_metadata="http://127\.0\.0\.1:\d+/\.well-known/oauth-protected-resource/mcp"', answer[1])
    assert line(output, "with a token").split() == ["with", "a", "token", "200"]


def test_discovery_leads_from_the_resource_to_the_issuer(output):
    issuer, resource = re.search(r"The issuer is (\S+), the MCP server is (\S+) ", output).groups()
    metadata = json.loads(line(output, "{"))
    assert metadata["resource"] == resource
    assert metadata["authorization_servers"] == [issuer]
    assert metadata["scopes_supported"] == ["site.read"]


def test_the_client_of_the_sdk_calls_a_tool(output):
    assert output.splitlines()[-1] == "42"
