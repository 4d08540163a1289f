"""Dovecot, with the configurations of Documentation/Verifying.md: by introspection, and by its local validation."""

import base64
import getpass
import grp
import os
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from forge import TYPES, Forge, check
from peers import check_retired_key, introspector, needs, program, register, snippet
from service import DEADLINE
from tokens import header

pytestmark = needs("dovecot")
AUDIENCE = "https://imap.example.com"


def dovecot(service, folder, name, text):
    """Dovecot's authentication alone: what IMAP and submission servers ask is asked at its socket."""
    folder = folder / name
    (folder / "run").mkdir(parents=True)
    (folder / "oauth2.conf").write_text(text)
    settings = snippet("ini dovecot", service, **{"/etc/dovecot/dovecot-oauth2.conf.ext": str(folder / "oauth2.conf")})
    # This user's processes may read this folder.
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    users = f"service auth {{\n  user = {user}\n}}\n"
    if os.geteuid() != 0:
        users += f"default_login_user = {user}\ndefault_internal_user = {user}\ndefault_internal_group = {group}\n"
    (folder / "dovecot.conf").write_text(
        f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log

# It answers a refusal at once.
auth_failure_delay = 0
# Nor does it delay more and more after each refusal.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
protocols =
ssl = no
disable_plaintext_auth = no
{users}
userdb {{
  driver = static
  args = uid={os.getuid()} gid={os.getgid()} home={folder}
}}
{settings}
"""
    )
    path = folder / "run/auth-client"
    server = program(folder, ["dovecot", "-F", "-c", str(folder / "dovecot.conf")], path.is_socket)
    return server, lambda token, user=service.client_id: log_in(path, token, user)


def log_in(path, token, user):
    """The user that a token logs in, or nothing. RFC 7628 section 3.1, in Dovecot's own protocol between processes."""
    response = base64.b64encode(f"n,a={user},\x01auth=Bearer {token}\x01\x01".encode()).decode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        connection.sendall(f"VERSION\t1\t1\nCPID\t{os.getpid()}\n".encode())
        connection.sendall(f"AUTH\t1\tOAUTHBEARER\tservice=imap\tsecured\tresp={response}\n".encode())
        for line in connection.makefile(encoding="utf-8"):
            kind, *fields = line.rstrip("\n").split("\t")
            if kind == "OK":
                return next(field for field in fields if field.startswith("user=")).removeprefix("user=")
            if kind == "CONT":
                # The error as JSON; the client answers with one octet.
                connection.sendall(b"CONT\t1\tAQ==\n")
            if kind == "FAIL":
                return None
    raise AssertionError("Dovecot closed the connection")


@pytest.fixture(scope="module")
def forge(module_service):
    return Forge(module_service, aud=AUDIENCE)


def introspecting(service, folder):
    user, password = introspector(service, AUDIENCE)
    example = "https://imap:writ_cs_...@tokens.example.com"
    mine = service.issuer.replace("://", f"://{user}:{password}@")
    text = snippet("ini dovecot-introspection", service, **{example: mine})
    return dovecot(service, folder, "introspection", text)


def local(service, folder):
    """The key set is a folder of files."""
    key = header(service.access_token())["kid"]
    path = folder / "keys/default/RS256" / key
    path.parent.mkdir(parents=True)
    path.write_text(service.writ("keys", "export", "--pem").stdout)
    return dovecot(
        service, folder, "local", snippet("ini dovecot-local", service, **{"/etc/dovecot/keys/": f"{folder}/keys/"})
    )


def test_introspection(module_service, forge, tmp_path):
    server, user = introspecting(module_service, tmp_path)
    with server:
        # It answers refusals twice a second, all that there are.
        with ThreadPoolExecutor() as pool:
            check(forge, user, map=pool.map)
        assert user(forge.token()) == module_service.client_id
        assert user(forge.token(), "another") is None


def version() -> tuple[int, ...]:
    text = subprocess.run(["dovecot", "--version"], capture_output=True, encoding="utf-8").stdout
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def test_local_validation_needs_the_type_jwt_before_2_3_21(module_service, forge, tmp_path):
    server, user = local(module_service, tmp_path)
    with server:
        reads_types = version() < (2, 3, 21)
        assert (user(forge.token()) is None) == reads_types
        forge = Forge(module_service, aud=AUDIENCE)
        forge.header["typ"] = "JWT"
        with ThreadPoolExecutor() as pool:
            check(forge, user, but_also=["type-jwt"] if reads_types else TYPES, map=pool.map)
        assert user(forge.token()) == module_service.client_id


def test_local_validation_of_a_client_with_token_shape(module_service, tmp_path):
    """The client needs nothing but the setting that the page names."""
    secret = register(module_service, "mail", resources=[AUDIENCE], token_shape={"typ": "JWT"})
    server, user = local(module_service, tmp_path)
    with server:
        assert user(module_service.request_token("mail", secret).json()["access_token"], "mail") == "mail"


def test_a_retired_key(module_service, tmp_path):
    secret = register(module_service, "reader", resources=[AUDIENCE])
    server, user = introspecting(module_service, tmp_path)
    with server:
        check_retired_key(
            module_service,
            {"Dovecot, introspection": lambda token: user(token, "reader") is not None},
            lambda: module_service.request_token("reader", secret).json()["access_token"],
        )
