"""nginx with njs, with the configurations of Documentation/Verifying.md: offline and by introspection."""

import os
from pathlib import Path

import pytest
import requests

from forge import Forge, check
from peers import NGINX_FOLDERS, answers, asks_for_a_token, check_retired_key, introspector, needs, program, snippet, status
from service import DEADLINE, free_addresses, wait_until

NJS = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")
pytestmark = [needs("nginx"), needs(NJS)]
API = "server { listen unix:api.sock; location / { return 200 $request_uri; } }"


def offline(service, folder, listen, name, cache="proxy_cache_lock on;"):
    (folder / f"{name}.js").write_text(snippet("js offline", service))
    return snippet(
        "nginx offline",
        service,
        **{
            "/var/cache/nginx/writ keys_zone=writ": f"{folder}/{name}-cache keys_zone={name}",
            "proxy_cache writ;": f"proxy_cache {name};",
            "import writ from /etc/nginx/writ.js": f"import {name} from {folder}/{name}.js",
            "js_content writ.verify": f"js_content {name}.verify",
            "listen 8080": f"listen {listen}",
            "http://api": "http://unix:api.sock:",
            "proxy_cache_lock on;": cache,
        },
    )


def introspecting(service, folder, listen):
    (folder / "introspection.js").write_text(snippet("js introspection", service))
    return snippet(
        "nginx introspection",
        service,
        **{
            "/etc/nginx/": f"{folder}/",
            "api:writ_cs_...": ":".join(introspector(service)),
            "listen 8080": f"listen {listen}",
            "http://api": "http://unix:api.sock:",
        },
    )


@pytest.fixture(scope="module")
def urls(module_service, tmp_path_factory):
    """One nginx: offline, offline with a cache that lasts a second, and by introspection."""
    folder = tmp_path_factory.mktemp("nginx")
    addresses = free_addresses(3)
    brief = "proxy_cache_lock on; proxy_ignore_headers Cache-Control; proxy_cache_valid 200 1s;"
    servers = [
        offline(module_service, folder, addresses[0], "offline"),
        offline(module_service, folder, addresses[1], "brief", brief),
        introspecting(module_service, folder, addresses[2]),
    ]
    # Its workers would be another user, who may not read this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    api = API.replace("unix:", f"unix:{folder}/")
    text = "\n".join(servers).replace("unix:api.sock", f"unix:{folder}/api.sock")
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; worker_processes 1; error_log {folder}/error.log;\n"
        f"load_module {NJS};\nevents {{}}\nhttp {{ access_log off; {NGINX_FOLDERS}\n{api}\n{text} }}\n"
    )
    urls = [f"http://{address}/some/path?a=b" for address in addresses]
    command = ["nginx", "-e", "error.log", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with program(folder, command, lambda: asks_for_a_token(urls[0])):
        yield urls


def test_offline(module_service, urls):
    forge = Forge(module_service)
    check(forge, lambda token: answers(urls[0], token))
    assert status(urls[0], forge.token(scope="site.reading")) == 403
    assert answers(urls[0], forge.token(aud=["https://other.example.com", forge.claims["aud"]]))
    # nginx itself refuses a second field.
    assert status(urls[0], forge.token(), "a.b.c") == 400
    # What lies behind gets the path and the query as they were.
    headers = {"Authorization": f"Bearer {forge.token()}"}
    assert requests.get(urls[0], headers=headers, timeout=DEADLINE).text == "/some/path?a=b"


def test_introspection(module_service, urls):
    forge = Forge(module_service)
    check(forge, lambda token: answers(urls[2], token))
    assert status(urls[2], forge.token(scope="site.reading")) == 403
    assert status(urls[2], forge.token(), "a.b.c") == 400


def test_a_retired_key(module_service, urls):
    old = module_service.access_token()
    assert answers(urls[1], old)
    verifiers = {
        "nginx, offline": lambda token: answers(urls[0], token),
        "nginx, introspection": lambda token: answers(urls[2], token),
    }
    check_retired_key(module_service, verifiers)
    # Once its copy of the key set is too old it follows.
    wait_until("the old key is refused", lambda: not answers(urls[1], old))
    assert answers(urls[1], module_service.access_token())
