"""What wrk sends: Lua, one script for each kind of request."""

import subprocess
from urllib.parse import urlencode

from failure import BenchError, Unavailable
from preparation import INTEROP_PYTHON, ROOT
from server import FORM, basic, token_form
from working_folder import LARGE_ID, LARGE_REGISTRY, LARGE_SECRET, PLATFORM


def post(body, **headers):
    lines = ['wrk.method = "POST"', f'wrk.headers["Content-Type"] = "{FORM}"', f'wrk.body = "{body}"']
    return "\n".join(lines + [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()])


def token_by_post(server, client=None):
    return post(token_form(client or server.folder.client))


def token_by_post_once(server):
    return post(token_form(server.folder.client), Connection="close")


def token_by_basic(server):
    return post("grant_type=client_credentials", Authorization=basic(server.folder.client))


def token_by_identity(server, algorithm, is_grant):
    """The same token of a platform each time, which is good until it expires."""
    folder = server.folder
    token = folder.identities("token", f"{algorithm}.pem", algorithm, PLATFORM % algorithm, server.issuer)
    if is_grant:
        return post(urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token}))
    return post(
        urlencode(
            {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": token,
            }
        )
    )


def token_by_certificate(server):
    """The certificate of the connection is the credential."""
    return post(urlencode({"grant_type": "client_credentials", "client_id": server.folder.certified.id}))


def refresh(server):
    """The same refresh token each time: nothing is stored, so an older one stays good."""
    client = server.folder.refreshing
    return post(
        urlencode(
            {
                "grant_type": "refresh_token",
                "refresh_token": server.token(client)["refresh_token"],
                "client_id": client.id,
                "client_secret": client.secret,
            }
        )
    )


def introspection(server):
    token = server.token(server.folder.client)["access_token"]
    return post(urlencode({"token": token}), Authorization=basic(server.folder.introspecting))


def get(_):
    return ""


def token_for_any_client(_):
    """Each request for another one of the large registry."""
    return f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "{FORM}"
function request()
    local number = math.random(0, {LARGE_REGISTRY - 1})
    return wrk.format(nil, nil, nil, string.format(
        "grant_type=client_credentials&client_id={LARGE_ID}&client_secret={LARGE_SECRET}", number, number))
end
"""


def token_by_assertion(server, count):
    """Each assertion is good once, so they are made before, by as many processes as there are cores."""
    if not INTEROP_PYTHON.exists():
        raise Unavailable("no .build/interop-venv, which makes the assertions: script/setup test")
    path = server.folder.path / "assertions"
    folder = server.folder
    command = [INTEROP_PYTHON, ROOT / "Benchmarks/Load/assertions.py", folder.assertion_key, folder.asserting.id]
    with path.open("wb") as file:
        made = subprocess.run([*command, server.issuer, str(count)], stdout=file, stderr=subprocess.PIPE, text=True)
    if made.returncode != 0:
        raise BenchError(f"no assertions: {made.stderr[-400:]}")
    return f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "{FORM}"
local nextLine = io.lines("{path}")
function request()
    return wrk.format(nil, nil, nil, nextLine())
end
"""


def token_by_post_with_proof(server, count):
    """Each DPoP proof is good once too. Without one the client would get a token that is bound to nothing."""
    path = server.folder.proofs("proofs", "POST", server.token_endpoint, count)
    return f"""
{token_by_post(server)}
local nextLine = io.lines("{path}")
function request()
    wrk.headers["DPoP"] = nextLine() or "none is left"
    return wrk.format()
end
"""
