"""What schemathesis must know so that it gets tokens, and what it checks besides. See test_openapi.py, which starts it."""

import atexit
import base64
import json
import os
import re
import time
import uuid
import zlib
from collections import Counter
from pathlib import Path

import jsonschema_rs
import jwt
import schemathesis
from cryptography.hazmat.primitives.asymmetric import ec
from schemathesis.core.failures import Failure

FOLDER = Path(os.environ["OPENAPI_TEST_FOLDER"])
CLIENTS = json.loads((FOLDER / "openapi-clients.json").read_text())
KEY = (FOLDER / "openapi-client.pem").read_text()
# That of DPoP proofs.
PROVER = ec.generate_private_key(ec.SECP256R1())
FORM = "application/x-www-form-urlencoded"
JWT_ANSWER = "application/token-introspection+jwt"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CREDENTIALS = ("client_id", "client_secret", "client_assertion_type", "client_assertion")


def basic(case, client):
    credentials = base64.b64encode(f"{client}:{CLIENTS['secrets'][client]}".encode()).decode()
    case.headers["Authorization"] = f"Basic {credentials}"


def post(case, client):
    case.body.update(client_id=client, client_secret=CLIENTS["secrets"][client])


def assertion(case, client):
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": CLIENTS["issuer"], "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    case.body["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    case.body["client_assertion"] = jwt.encode(claims, KEY, algorithm="ES256")


def proof(case):
    """A DPoP proof for the token endpoint."""
    jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(PROVER.public_key()))
    url = CLIENTS["issuer"] + case.operation.path
    claims = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": url, "iat": int(time.time())}
    case.headers["DPoP"] = jwt.encode(claims, PROVER, "ES256", {"typ": "dpop+jwt", "jwk": jwk})


def grant(case, client):
    """The client's own assertion as the grant; gives how it may be refused."""
    assertion(case, client)
    del case.body["client_assertion_type"]
    case.body["assertion"] = case.body.pop("client_assertion")
    return ALL


# A client, how it proves who it is, and how a good form of it may be refused: for what the client may not have, of which no
# schema knows. These are the names of examples in the document. by-secret and by-key may do everything that there is.
ALL = {"scopeNotAllowed", "resourceNotAllowed", "invalidGrant"}
PROOFS = [
    ("by-secret", basic, ALL),
    ("by-secret", post, ALL),
    ("by-key", assertion, ALL),
    ("by-secret", basic, ALL),
    ("by-key", assertion, ALL),
    ("wrong-secret", basic, {"invalidClient"}),
    ("wrong-secret", post, {"invalidClient"}),
    ("without-rights", basic, ALL | {"unauthorizedClient", "introspectionNotAllowed"}),
]
# By the identifier of a case.
proofs = {}
# Of refresh tokens.
owners = {}
answers = Counter()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Of the document's own `servers` schemathesis takes the path alone, of those of a path everything."""
    for item in raw_schema["paths"].values():
        item.setdefault("servers", raw_schema["servers"])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Which client asks follows from the form, so that what failed fails again."""
    if case.media_type != FORM:
        return
    choice = zlib.crc32(repr(case.body).encode("utf-8", "backslashreplace"))
    if case.operation.path == "/oauth2/introspect" and choice & 1:
        case.headers["Accept"] = JWT_ANSWER
    is_good = is_good_form(case)
    if isinstance(case.body, dict):
        drop_absent(case.body)
    # Made-up credentials beside good ones are refused as such, whatever else is wrong.
    if isinstance(case.body, dict) and (is_good or choice % 8):
        for name in CREDENTIALS:
            case.body.pop(name, None)
    if not is_good:
        return basic(case, "by-secret")
    # What is made up is no proof.
    case.headers.pop("DPoP", None)
    if case.operation.path == "/oauth2/token" and choice % 3 == 0:
        proof(case)
    if case.body.get("grant_type") == JWT_BEARER:
        case.headers.pop("Authorization", None)
        proofs[case.id] = "by-key", grant(case, "by-key") if choice % 4 else {"invalidAssertionGrant"}
        return
    owner = owners.get(case.body.get("refresh_token"))
    if owner and choice % 4:
        # Most made-up wishes are refused, and with them the link would lead nowhere.
        for name in ("scope", "resource", "audience"):
            case.body.pop(name, None)
    client, prove, refusals = next(
        proof for proof in PROOFS[choice // 2 % len(PROOFS) :] + PROOFS if owner in (None, proof[0])
    )
    proofs[case.id] = client, refusals
    case.headers.pop("Authorization", None)
    prove(case, client)


def drop_absent(form):
    """What has no value counts as absent, as the document says in words; a schema would be hard to read that said so too."""
    for name in ("resource", "audience"):
        if isinstance(form.get(name), list):
            form[name] = [value for value in form[name] if value != ""]
        elif form.get(name) == "":
            del form[name]


def is_good_form(case):
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    return case.media_type == FORM and case.method.upper() == "POST" and is_positive and isinstance(case.body, dict)


@schemathesis.hook
def after_call(context, case, response):
    answer = None
    if response.status_code == 200 and response.request.method == "POST":
        content = signed(response)[1]["token_introspection"] if media_type(response) == JWT_ANSWER else response.json()
        answer = case.body.get("grant_type", content.get("token_type", "inactive"))
        if "refresh_token" in content:
            owners[content["refresh_token"]] = proofs[case.id][0] if case.id in proofs else "by-secret"
    answers[response.request.method, case.operation.path, response.status_code, media_type(response), answer] += 1


@atexit.register
def report():
    (FOLDER / "openapi-answers.json").write_text(json.dumps([[*answer, count] for answer, count in answers.items()]))


@schemathesis.deserializer(JWT_ANSWER, "text/plain")
def text(context, response):
    return response.text


def media_type(response):
    return response.headers.get("content-type", [""])[0].partition(";")[0]


def signed(response):
    """Header and claims of the JWT in an answer; nothing where there is none."""
    token = response.text if media_type(response) == JWT_ANSWER else response.json().get("access_token")
    return token and [json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2]]


def fail(case, title, message):
    raise Failure(operation=case.operation.label, title=title, message=message)


def check_described(case, component, value):
    """That the value is as a component of the document says."""
    document = case.operation.schema.raw_schema
    schema = {"$ref": f"#/components/{component}", "components": document["components"]}
    for error in jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(value):
        fail(case, f"It is not as {component} says", str(error))


@schemathesis.check
def what_is_signed(ctx, response, case):
    """Of JWTs, the document says what is in them."""
    if response.status_code == 200 and response.request.method == "POST" and (content := signed(response)):
        name = "SignedIntrospection" if media_type(response) == JWT_ANSWER else "AccessToken"
        check_described(case, f"schemas/{name}/contentSchema", content)


@schemathesis.check
def good_forms(ctx, response, case):
    """A good form is refused for a reason that has to do with the client."""
    if response.request.method != "POST" or not is_good_form(case) or case.id not in proofs:
        return
    client, refusals = proofs[case.id]
    if response.status_code == 200:
        if client == "wrong-secret":
            fail(case, "A wrong secret is accepted", response.text)
        return
    described = case.operation.definition.raw["responses"].get(str(response.status_code))
    if described is None:
        return  # status_code_conformance says so.
    examples = described["content"]["application/json"]["examples"]
    names = {name for name, example in examples.items() if example["value"] == response.json()}
    if not names & (refusals | {"bodyTooLarge"}):
        fail(case, f"A good form of {client} gets the wrong answer", response.text)


@schemathesis.check
def other_methods(ctx, response, case):
    """What is said of no operation is said in a component."""
    if response.status_code != 405:
        return
    check_described(case, "responses/MethodNotAllowed/content/application~1json/schema", response.json())
    check_described(case, "headers/Allow/schema", response.headers["allow"][0])
    described = {name.upper() for name in case.operation.schema.raw_schema["paths"][case.operation.path]}
    allowed = set(re.split(", *", response.headers["allow"][0]))
    if allowed != described & {"GET", "HEAD", "OPTIONS", "POST"} or response.request.method in allowed:
        fail(case, "Allow is not what the document has", ", ".join(allowed))
