"""Apache with one of its modules for tokens."""

from contextlib import contextmanager
from pathlib import Path

from peers import asks_for_a_token, program
from service import free_addresses

APACHE_MODULES = Path("/usr/lib/apache2/modules")


@contextmanager
def apache(folder, module, text):
    """Apache with a module and its configuration; gives the URL of a page."""
    address = free_addresses(1)[0]
    folder.mkdir(exist_ok=True)
    modules = ["mpm_event", "authn_core", "authz_core", module]
    lines = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in modules]
    (folder / "htdocs").mkdir()
    (folder / "htdocs/index").write_text("ok")
    lines += [
        f"ServerRoot {folder}",
        f"Listen {address}",
        "ServerName localhost",
        f"PidFile {folder}/pid",
        f"ErrorLog {folder}/log",
        f"DocumentRoot {folder}/htdocs",
        "StartServers 1",
    ]
    (folder / "httpd.conf").write_text("\n".join(lines) + "\n" + text)
    url = f"http://{address}/index"
    with program(folder, ["apache2", "-X", "-f", str(folder / "httpd.conf")], lambda: asks_for_a_token(url)):
        yield url
