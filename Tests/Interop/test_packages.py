"""The packages that script/package makes: what is in them, and what they do in a tree that has nothing else.

The tree is made of this machine's packages (bare_tree.py), or is the one that WRIT_BARE_TREE names, of debootstrap, say. If the
program needs Swift's libraries, as that of a debug build does, they are put into the tree too: a package of a release build has them.
"""

import io
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
import requests

import bare_tree
from service import BINARY, DEADLINE, free_addresses, wait_until

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "Documentation/Deploying.md"
TIME = 1_700_000_000
# Swift reads the arguments of a program there.
MOUNT = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

pytestmark = pytest.mark.skipif(
    any(shutil.which(need) is None for need in ("dpkg-deb", "readelf", "strip")),
    reason="there is no dpkg-deb, readelf or strip: packages are made on Debian and Ubuntu",
)
in_a_tree = pytest.mark.skipif(
    os.geteuid() != 0 or not bare_tree.DPKG.is_dir(), reason="needs root, for chroot, and the packages of a Debian or Ubuntu"
)


def package(folder: Path, umask=0o022, *arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("DEBFULLNAME", "DEBEMAIL")}
    subprocess.run(
        [ROOT / "script/package", "--fast", "--output", folder, *arguments],
        env={**environment, "WRIT_BINARY": str(BINARY), "SOURCE_DATE_EPOCH": str(TIME), **variables},
        umask=umask,
        check=True,
        capture_output=True,
        timeout=3 * DEADLINE,
    )
    [deb], [archive] = folder.glob("*.deb"), folder.glob("*.tar.gz")
    return deb, archive


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    return package(tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def version():
    return subprocess.run([BINARY, "--version"], capture_output=True, encoding="utf-8", check=True).stdout.strip()


def members(file: Path) -> dict[str, tarfile.TarInfo]:
    if file.suffix == ".deb":
        contents = subprocess.run(["dpkg-deb", "--fsys-tarfile", file], capture_output=True, check=True).stdout
        archive = tarfile.open(fileobj=io.BytesIO(contents))
    else:
        archive = tarfile.open(file)
    with archive:
        return {member.name.removeprefix("./"): member for member in archive if member.name not in (".", "./")}


class TestContents:
    def test_the_same_program_gives_the_same_packages_whatever_the_umask(self, packages, tmp_path):
        for first, second in zip(packages, package(tmp_path, 0o077), strict=True):
            assert first.name == second.name
            assert first.read_bytes() == second.read_bytes()

    def test_names_and_fields(self, packages, version):
        deb, archive = packages
        machine = os.uname().machine
        assert archive.name == f"writ-{version}-linux-{machine}.tar.gz"
        fields = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, encoding="utf-8", check=True).stdout
        assert f"Package: writ\nVersion: {version}\n" in fields
        assert "\nMaintainer: Local build of Writ <root@localhost>\n" in fields
        depends = re.search(r"^Depends: (.*)$", fields, re.MULTILINE)[1]
        for name in ("libc6 (>= 2.", "libssl3 (>= 3.", "libcrypt1", "libsqlite3-0", "libstdc++6", "zlib1g", "passwd"):
            assert name in depends
        conffiles = subprocess.run(["dpkg-deb", "--info", deb, "conffiles"], capture_output=True, encoding="utf-8", check=True)
        assert conffiles.stdout == "/etc/writ/writ.yaml\n"

    def test_the_maintainer_is_who_makes_the_package(self, tmp_path):
        deb, _ = package(tmp_path, DEBFULLNAME="A Person", DEBEMAIL="person@writ.test")
        field = subprocess.run(["dpkg-deb", "--field", deb, "Maintainer"], capture_output=True, encoding="utf-8", check=True)
        assert field.stdout == "A Person <person@writ.test>\n"

    @pytest.mark.parametrize("version", ["9.9", "0.1.0/../a", "0.1.0 a", "0.1.00"])
    def test_a_version_that_is_not_the_programs_is_refused(self, version, tmp_path):
        result = subprocess.run(
            [ROOT / "script/package", "--fast", "--output", tmp_path, version],
            env={**os.environ, "WRIT_BINARY": str(BINARY)},
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        assert result.returncode == 1
        assert "does not begin with that" in result.stderr
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("index", [0, 1], ids=["deb", "tar.gz"])
    def test_every_file_is_roots_and_may_be_written_by_root_alone(self, packages, index):
        names = [member.name for member in members(packages[index]).values()]
        assert names == sorted(names, key=lambda name: name.rstrip("/").split("/"))
        for name, member in members(packages[index]).items():
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "root", "root"), name
            assert member.isfile() or member.isdir(), name
            program = member.isdir() or name.endswith("bin/writ")
            assert member.mode == (0o755 if program else 0o644), name
            assert member.mtime == TIME, name

    def test_what_is_in_them(self, packages, version):
        deb, archive = (members(file) for file in packages)
        pages = {name for name in deb if "/man1/" in name}
        assert {"usr/share/man/man1/writ.1.gz", "usr/share/man/man1/writ-serve.1.gz"} < pages
        assert {name for name, member in deb.items() if member.isfile()} - pages == {
            "etc/writ/writ.yaml",
            "usr/bin/writ",
            "usr/lib/systemd/system/writ.service",
            "usr/share/bash-completion/completions/writ",
            "usr/share/doc/writ/copyright",
            "usr/share/fish/vendor_completions.d/writ.fish",
            "usr/share/zsh/vendor-completions/_writ",
        }
        top = f"writ-{version}-linux-{os.uname().machine}"
        pages = {name for name in archive if "/man1/" in name}
        assert f"{top}/share/man/man1/writ-serve.1" in pages
        assert {name for name, member in archive.items() if member.isfile()} - pages == {
            f"{top}/{name}"
            for name in (
                "bin/writ",
                "lib/systemd/system/writ.service",
                "share/bash-completion/completions/writ",
                "share/doc/writ/LICENSE",
                "share/doc/writ/writ.yaml",
                "share/fish/vendor_completions.d/writ.fish",
                "share/zsh/site-functions/_writ",
            )
        }


class TestUnit:
    UNIT = ROOT / "packaging/writ.service"

    @pytest.fixture(autouse=True)
    def analyzer(self):
        if shutil.which("systemd-analyze") is None:
            pytest.skip("there is no systemd-analyze")

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, encoding="utf-8", timeout=DEADLINE)

    def test_systemd_understands_it(self, tmp_path):
        copy = tmp_path / "writ.service"
        copy.write_text(self.UNIT.read_text().replace("/usr/bin/writ", str(BINARY)))
        result = self.analyze("verify", "--man=no", copy)
        assert (result.returncode, result.stderr) == (0, "")

    def test_systemd_understands_the_settings_of_the_page(self, tmp_path):
        """Each list of settings for `systemctl edit`. It takes settings that it does not know, with a warning."""
        blocks = re.findall(r"(?:^      \w+=\S.*\n)+", PAGE.read_text(), re.MULTILINE)
        assert len(blocks) == 3
        for block in blocks:
            copy = tmp_path / "writ.service"
            settings = re.sub("^ +", "", block, flags=re.MULTILINE)
            unit = self.UNIT.read_text().replace("/usr/bin/writ", str(BINARY))
            copy.write_text(unit.replace("[Service]\n", f"[Service]\n{settings}"))
            result = self.analyze("verify", "--man=no", copy)
            assert (result.returncode, result.stderr) == (0, ""), block

    def test_it_may_do_little(self):
        result = self.analyze("security", "--offline=yes", "--threshold=20", self.UNIT)
        if "unrecognized option" in result.stderr:
            pytest.skip("systemd-analyze has no --offline before version 250")
        assert result.returncode == 0, result.stdout

    def test_it_has_time_to_stop(self):
        """drain_delay as it comes, and 40 s until a service of which a part does not end is ended."""
        [seconds] = re.findall(r"^TimeoutStopSec=(\d+)s$", self.UNIT.read_text(), re.MULTILINE)
        assert int(seconds) > 5 + 40


class Tree:
    """A bare tree, and what runs in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        # Whatever else listens on this machine.
        self.listen, management = free_addresses(2)
        self.management = f"http://{management}"
        self.addresses = {"WRIT_LISTEN": self.listen, "WRIT_MANAGEMENT": management}
        if given := os.environ.get("WRIT_BARE_TREE"):
            subprocess.run(["cp", "--archive", f"{given}/.", folder], check=True)
        else:
            bare_tree.make(folder, ["libcrypt1", "libgcc-s1", "libsqlite3-0", "libssl3", "libstdc++6", "zlib1g"])
        bare_tree.add_swift(BINARY, folder)

    def command(self, line, **environment):
        variables = [f"{name}={value}" for name, value in {"PATH": PATH, "LC_ALL": "C.UTF-8", **self.addresses, **environment}.items()]
        return [
            *("unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", MOUNT, self.folder),
            *("env", "--ignore-environment", *variables, "/bin/sh", "-euc", line),
        ]

    def run(self, line, status=0, **environment) -> str:
        result = subprocess.run(
            self.command(line, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        assert result.returncode == status, f"{line}\n{result.stdout}"
        return result.stdout

    def path(self, name) -> Path:
        return self.folder / name.lstrip("/")

    def owner(self, name) -> tuple[str, int]:
        """User and mode, by the tree's names."""
        status = self.path(name).lstat()
        names = dict(
            (int(line.split(":")[2]), line.split(":")[0]) for line in self.path("etc/passwd").read_text().splitlines()
        )
        return names[status.st_uid], stat.S_IMODE(status.st_mode)


@pytest.fixture
def tree(tmp_path):
    # Other users have to get through the folders above.
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    folder = tmp_path / "tree"
    folder.mkdir(mode=0o755)
    made = Tree(folder)
    if subprocess.run(made.command("true"), capture_output=True).returncode != 0:
        pytest.skip("this system allows no mounts, or no chroot")
    return made


def as_writ(line):
    return f"setpriv --reuid=writ --regid=writ --clear-groups {line}"


def commands(heading, **replacements):
    """The commands of a block of the page, without sudo, up to those that need systemd."""
    text = PAGE.read_text()
    section = text[text.index(f"\n### {heading}\n") :]
    lines, *others = re.split(r"^(?=sudo systemctl)", re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1], flags=re.MULTILINE)
    assert all("# not run by a test: " in line for line in "".join(others).splitlines())
    lines = lines.replace("sudo -u writ ", as_writ("")).replace("sudo ", "")
    for old, new in replacements.items():
        assert old in lines, old
        lines = lines.replace(old, new)
    return lines


def check_service(tree):
    """The service starts as its user, makes its keys, and gives a token to the client that the page registers."""
    assert "writ.yaml: ok" in tree.run(f"cd /etc/writ && {as_writ('writ config check --running')}")
    issuer = f"http://{tree.listen}"
    variables = {"WRIT_DRAIN_DELAY": "0s", "WRIT_ISSUER": issuer}
    secret = json.loads(
        tree.run(f"cd /etc/writ && {as_writ('writ clients rotate-secret demo --json 2>/dev/null')}")
    )["client_secret"]
    line = "cd /var/lib/writ && exec " + as_writ("writ serve --config /etc/writ/writ.yaml")
    log = tree.path("service.log")
    with log.open("wb") as output:
        process = subprocess.Popen(tree.command(line, **variables), stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def ready():
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(f"{tree.management}/readyz", timeout=DEADLINE).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until("the service is ready", ready)
        form = {"grant_type": "client_credentials"}
        answer = requests.post(f"{issuer}/oauth2/token", form, auth=("demo", secret), timeout=DEADLINE)
        assert answer.json()["scope"] == "site.read", answer.text
        assert tree.owner("/var/lib/writ/keys/rs256.pem") == ("writ", 0o600)
        assert tree.owner("/var/lib/writ/keys/xaes-256-gcm.sealing") == ("writ", 0o600)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=DEADLINE) == 0, log.read_text()
    # A folder of one's own works too.
    folder = "/tmp/own"
    initial = json.loads(tree.run(f"writ init {folder} --issuer {issuer} --json"))
    assert initial["client_id"] == "demo"
    assert "writ.yaml: ok" in tree.run(f"cd {folder} && writ config check --running")


@in_a_tree
def test_the_deb_in_a_bare_tree(packages, version, tree, tmp_path):
    deb = packages[0]
    shutil.copy(deb, tree.path("tmp"))
    shutil.copy(deb, tree.path(deb.name))
    page = commands("Debian and Ubuntu", **{"apt install ./writ_0.1.0_amd64.deb": f"dpkg --install /{deb.name}"})
    tree.run(page)
    assert tree.run("writ --version") == f"{version}\n"
    assert tree.owner("/var/lib/writ") == ("writ", 0o700)
    assert tree.owner("/var/lib/writ/keys") == ("writ", 0o700)
    assert tree.owner("/var/lib/writ/clients.yaml") == ("writ", 0o600)
    assert tree.owner("/etc/writ/writ.yaml") == ("root", 0o644)
    assert re.search(r"^writ:x:\d+:\d+:[^:]*:/var/lib/writ:/usr/sbin/nologin$", tree.path("etc/passwd").read_text(), re.M)
    check_service(tree)
    other = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    assert "sudo -u writ" in tree.run(f"cd /etc/writ && {other} writ config check 2>&1 || true")

    # An upgrade leaves what is the operator's.
    with tree.path("etc/writ/writ.yaml").open("a") as file:
        file.write("drain_delay: 10s\n")
    kept = {name: tree.path(name).read_bytes() for name in ("etc/writ/writ.yaml", "var/lib/writ/clients.yaml")}
    newer, _ = package(tmp_path / "newer", 0o022, f"{version}+1")
    shutil.copy(newer, tree.path("tmp"))
    assert "+1" in tree.run(f"dpkg --install /tmp/{newer.name} && dpkg-query --show writ")
    assert {name: tree.path(name).read_bytes() for name in kept} == kept

    tree.run("dpkg --remove writ")
    assert not tree.path("usr/bin/writ").exists()
    assert tree.path("etc/writ/writ.yaml").exists()
    # Nothing takes the keys away.
    assert "stay" in tree.run("dpkg --purge writ")
    assert not tree.path("etc/writ").exists()
    assert tree.path("var/lib/writ/keys/rs256.pem").exists()
    assert "/writ" not in tree.run("dpkg-query --listfiles writ 2>/dev/null || true")


@in_a_tree
def test_the_archive_in_a_bare_tree(packages, version, tree):
    archive = packages[1]
    shutil.copy(archive, tree.folder)
    replaced = {"writ-0.1.0-linux-x86_64.tar.gz": f"/{archive.name}"}
    tree.run(commands("Other systems", **replaced))
    assert tree.run("command -v writ; writ --version") == f"/usr/local/bin/writ\n{version}\n"
    assert tree.owner("/usr/local/bin/writ") == ("root", 0o755)
    check_service(tree)
    assert "ExecStart=/usr/local/bin/writ serve" in tree.path("usr/local/lib/systemd/system/writ.service").read_text()
