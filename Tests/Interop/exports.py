"""What other products export, in the forms that they document: Documentation/Migrating.md names the pages."""

KEYCLOAK_SECRET = "Zx8aQp3nVt6rYw1sKd5uMb9cEf2hGj4L"
AUTH0_SECRET = "q8vZr3TnYw5Lk2Xp9Bs6Hd4Jf7Gm1Cc0-Ee_Uu"
COGNITO_SECRET = "1example2secret3of4cognito5which6is7long8enough9xy"
HYDRA_SECRET = "a-secret-that-hydra-has-hashed"
RFC7591_SECRET = "cf136dc3c1fc93f31185e5885805d-of-a-client"


def keycloak_client(**members):
    """A ClientRepresentation."""
    return {
        "id": "7d3b2f7e-5a4c-4f3f-9d57-2f7b6f3b1a11",
        "clientId": "batch",
        "name": "Nightly batch",
        "enabled": True,
        "clientAuthenticatorType": "client-secret",
        "secret": KEYCLOAK_SECRET,
        "redirectUris": [],
        "webOrigins": [],
        "notBefore": 0,
        "bearerOnly": False,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "publicClient": False,
        "protocol": "openid-connect",
        "attributes": {"client.secret.creation.time": "1700000000", "access.token.lifespan": "600"},
        "fullScopeAllowed": True,
        "defaultClientScopes": ["roles", "orders.read"],
        "optionalClientScopes": [],
        **members,
    }


def keycloak_realm(*clients, users=(), **members):
    """A RealmRepresentation, as `kc.sh export` writes it."""
    audience = {
        "id": "m1", "name": "orders", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
        "consentRequired": False,
        "config": {"included.custom.audience": "https://orders.example.com", "access.token.claim": "true"},
    }
    return {
        "id": "acme",
        "realm": "acme",
        "accessTokenLifespan": 300,
        "users": [{"id": "u0", "username": "alice", "realmRoles": ["default-roles-acme"]}, *users],
        "clientScopes": [
            {"id": "s0", "name": "roles", "protocol": "openid-connect", "attributes": {"include.in.token.scope": "false"}},
            {"id": "s1", "name": "orders.read", "protocol": "openid-connect", "protocolMappers": [audience],
             "attributes": {"include.in.token.scope": "true"}},
        ],
        "clients": list(clients) or [keycloak_client()],
        "components": {"org.keycloak.keys.KeyProvider": [{"name": "rsa", "config": {"privateKey": ["MIIEow"]}}]},
        "keycloakVersion": "26.0.0",
        **members,
    }


def hydra_client(**members):
    """An OAuth2Client of Hydra's Admin API, which has no secret."""
    return {
        "client_id": "hydra-batch",
        "client_name": "Batch",
        "redirect_uris": [],
        "grant_types": ["client_credentials"],
        "response_types": ["code"],
        "scope": "orders.read",
        "audience": ["https://orders.example.com"],
        "owner": "",
        "client_secret_expires_at": 0,
        "subject_type": "public",
        "jwks": {},
        "token_endpoint_auth_method": "client_secret_basic",
        "client_credentials_grant_access_token_lifespan": "30m0s",
        "created_at": "2024-03-01T12:00:00Z",
        "metadata": {},
        **members,
    }


def auth0_client(**members):
    """A client of `GET /api/v2/clients`."""
    return {
        "tenant": "acme",
        "global": False,
        "client_id": "AbCdEf123",
        "name": "Batch",
        "app_type": "non_interactive",
        "client_secret": AUTH0_SECRET,
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "callbacks": [],
        "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": False},
        "signing_keys": [{"cert": "-----BEGIN CERTIFICATE-----"}],
        **members,
    }


def auth0_grant(**members):
    """A client grant of `GET /api/v2/client-grants`."""
    return {
        "id": "cgr_1", "client_id": "AbCdEf123", "audience": "https://orders.example.com", "scope": ["orders.read"],
        "subject_type": "client", **members,
    }


def auth0_server(**members):
    """An API of `GET /api/v2/resource-servers`."""
    return {
        "id": "rs_1", "name": "Orders", "identifier": "https://orders.example.com", "is_system": False,
        "scopes": [{"value": "orders.read"}], "token_lifetime": 3600, "token_dialect": "access_token", **members,
    }


def cognito_client(**members):
    """The answer of `aws cognito-idp describe-user-pool-client`."""
    return {
        "UserPoolClient": {
            "UserPoolId": "eu-west-1_aBcDeFgHi",
            "ClientName": "batch",
            "ClientId": "3n4b5urk1ft4fl3mg5e62d9ado",
            "ClientSecret": COGNITO_SECRET,
            "RefreshTokenValidity": 30,
            "AccessTokenValidity": 20,
            "TokenValidityUnits": {"AccessToken": "minutes"},
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": ["https://orders.example.com/read"],
            "AllowedOAuthFlowsUserPoolClient": True,
            **members,
        }
    }


def registration(**members):
    """A client information response, RFC 7591 section 3.2.1."""
    return {
        "client_id": "s6BhdRkqt3",
        "client_secret": RFC7591_SECRET,
        "client_id_issued_at": 2893256800,
        "client_secret_expires_at": 0,
        "client_name": "Batch",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "orders.read",
        **members,
    }
