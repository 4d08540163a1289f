"""The MCP SDK of Python: its providers for client credentials, against a server of the same SDK."""

import asyncio
import threading
import warnings

import jwt
import pytest
from joserfc.jwk import RSAKey

from peers import configure, register
from service import DEADLINE, Service, free_addresses, wait_until

pytest.importorskip("mcp.client.auth.extensions.client_credentials")
import httpx2  # noqa: E402
import uvicorn  # noqa: E402
from mcp.client import Client  # noqa: E402
from mcp.client.auth import OAuthTokenError  # noqa: E402
from mcp.client.auth.extensions.client_credentials import (  # noqa: E402
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.server.auth.provider import AccessToken  # noqa: E402
from mcp.server.auth.settings import AuthSettings  # noqa: E402
from mcp.server.mcpserver import MCPServer  # noqa: E402


class Verifier:
    """Looks at everything that Documentation/Verifying.md names."""

    def __init__(self, service, resource):
        self.keys = jwt.PyJWKClient(service.jwks_uri)
        self.options = {"issuer": service.issuer, "audience": resource, "algorithms": ["RS256"]}
        self.resource = resource

    async def verify_token(self, token):
        try:
            if jwt.get_unverified_header(token).get("typ") != "at+jwt":
                return None
            claims = jwt.decode(token, self.keys.get_signing_key_from_jwt(token), **self.options)
        except (jwt.PyJWTError, jwt.PyJWKClientError):
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(" "),
            expires_at=claims["exp"],
            resource=self.resource,
        )


@pytest.fixture(scope="module")
def refusing_service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("writ")) as service:
        configure(service, "authorization_endpoint: refuse")
        yield service.start()


@pytest.fixture(scope="module")
def server_url(refusing_service):
    """An MCP server with one tool."""
    address = free_addresses(1)[0]
    host, port = address.split(":")
    url = f"http://{address}/mcp"
    settings = AuthSettings(
        issuer_url=refusing_service.issuer,
        resource_server_url=url,
        required_scopes=["site.read"],
        validate_token_resource=True,
    )
    mcp = MCPServer("site", token_verifier=Verifier(refusing_service, url), auth=settings, log_level="ERROR")

    @mcp.tool()
    def double(number: int) -> int:
        return 2 * number

    server = uvicorn.Server(uvicorn.Config(mcp.streamable_http_app(), host=host, port=int(port), log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until("the MCP server listens", lambda: server.started)
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=DEADLINE)


class Storage:
    """Keeps tokens for as long as the test runs."""

    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return None

    async def set_client_info(self, client_info):
        pass


def with_a_secret(service, url, client_id, **options):
    secret = register(service, client_id, resources=[url], scope="site.read site.write")
    return ClientCredentialsOAuthProvider(url, Storage(), client_id, secret, **options)


def with_a_secret_in_the_body(service, url, client_id, **options):
    return with_a_secret(service, url, client_id, token_endpoint_auth_method="client_secret_post", **options)


def with_a_key(service, url, client_id, **options):
    key = RSAKey.generate_key(2048)
    jwks = {"keys": [key.as_dict(private=False)]}
    register(service, client_id, resources=[url], scope="site.read", jwks=jwks)
    pem = key.as_pem(private=True).decode()
    parameters = SignedJWTParameters(issuer=client_id, subject=client_id, signing_key=pem)
    return PrivateKeyJWTOAuthProvider(url, Storage(), client_id, parameters.create_assertion_provider(), **options)


@pytest.mark.parametrize("knows_the_issuer", [True, False])
@pytest.mark.parametrize("provider", [with_a_secret, with_a_secret_in_the_body, with_a_key])
def test_a_provider_gets_a_token_and_calls_a_tool(refusing_service, server_url, provider, knows_the_issuer):
    options = {"issuer": refusing_service.issuer} if knows_the_issuer else {}
    client_id = f"{provider.__name__}-{knows_the_issuer}"
    with warnings.catch_warnings():
        # Its next version insists on the issuer.
        warnings.simplefilter("ignore")
        auth = provider(refusing_service, server_url, client_id, **options)

    result = asyncio.run(call(server_url, auth))
    assert result.content[0].text == "42"


async def call(server_url, auth):
    async with httpx2.AsyncClient(auth=auth, timeout=DEADLINE) as http:
        async with Client(streamable_http_client(server_url, http_client=http)) as client:
            return await client.call_tool("double", {"number": 21})


def causes(error):
    """The errors in a group of a task group, or the error itself."""
    inner = getattr(error, "exceptions", None)
    return [cause for each in inner for cause in causes(each)] if inner else [error]


@pytest.mark.parametrize(
    "members, error",
    [({"scope": "site.write"}, "invalid_scope"), ({"scope": "site.read", "resources": ["https://other.example.com"]}, "invalid_target")],
)
def test_a_client_that_may_not_have_the_token_calls_nothing(refusing_service, server_url, members, error):
    secret = register(refusing_service, error, **{"resources": [server_url], **members})
    auth = ClientCredentialsOAuthProvider(server_url, Storage(), error, secret, issuer=refusing_service.issuer)
    with pytest.raises(Exception) as caught:
        asyncio.run(call(server_url, auth))
    [cause] = causes(caught.value)
    assert isinstance(cause, OAuthTokenError)
    assert error in str(cause)
