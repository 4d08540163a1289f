"""A file system with little more than a shell and dpkg, made of the packages of this machine: nothing is downloaded."""

import os
import re
import shutil
import subprocess
from pathlib import Path

DPKG = Path("/var/lib/dpkg")
# What a minimal Debian has, as far as installing and starting a program needs it.
MINIMUM = ["base-files", "bash", "coreutils", "dash", "diffutils", "dpkg", "grep", "libc-bin", "login", "passwd", "sed", "tar", "gzip", "util-linux"]
# What nobody reads here.
LEFT_OUT = re.compile(r"/usr/share/(doc|info|locale|man|lintian|bug)/")


def paragraphs() -> dict[str, str]:
    """The installed packages: names and their parts of dpkg's status file."""
    found = {}
    for paragraph in (DPKG / "status").read_text().split("\n\n"):
        name = re.search(r"^Package: (.*)$", paragraph, re.MULTILINE)
        if name and re.search(r"^Status: install ok installed$", paragraph, re.MULTILINE):
            found.setdefault(name[1], paragraph.strip() + "\n")
    return found


def closure(packages: list[str], known: dict[str, str]) -> set[str]:
    """The packages and those that they depend on. What is provided under another name is left out."""
    wanted, found = list(packages), set()
    while wanted:
        name = wanted.pop()
        if name in found or name not in known:
            continue
        found.add(name)
        for field in re.findall(r"^(?:Pre-)?Depends: (.*)$", known[name], re.MULTILINE):
            for alternatives in field.split(","):
                names = [re.match(r"[^\s:(]+", each.strip())[0] for each in alternatives.split("|")]
                wanted += next(([each] for each in names if each in known), [])
    return found


def copy(path: Path, tree: Path):
    target = tree / str(path).lstrip("/")
    if path.is_symlink():
        if not target.is_symlink() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(os.readlink(path), target)
    elif path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif path.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def make(tree: Path, extra: list[str]):
    """Writes the tree: the minimum, and these packages with what they depend on."""
    known = paragraphs()
    packages = closure(MINIMUM + extra, known)
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / "usr" / name).mkdir(parents=True)
        if Path(f"/{name}").is_symlink():
            os.symlink(f"usr/{name}", tree / name)
    info = tree / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info.parent / "updates").mkdir()
    for name in sorted(packages):
        for path in subprocess.run(["dpkg-query", "--listfiles", name], capture_output=True, encoding="utf-8").stdout.splitlines():
            if path.startswith("/") and not LEFT_OUT.match(path):
                copy(Path(path), tree)
        for file in (DPKG / "info").glob(f"{name}[.:]*list"):
            shutil.copy2(file, info)
    (info.parent / "status").write_text("\n".join(known[name] for name in sorted(packages)))
    for folder in ("dev", "etc", "proc", "run", "tmp", "root", "usr/local"):
        (tree / folder).mkdir(exist_ok=True)
    (tree / "dev/null").touch()
    (tree / "dev/null").chmod(0o666)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (tree / "etc/group").write_text("root:x:0:\n")
    (tree / "etc/shadow").write_text("root:*:20000:0:99999:7:::\n")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n")


def add_swift(program: Path, tree: Path):
    """Swift's libraries, for a program that does not have them in it: where they are on this machine."""
    for line in subprocess.run(["ldd", program], capture_output=True, encoding="utf-8").stdout.splitlines():
        found = re.search(r"=> (\S*/lib/swift/\S+) ", line)
        if found:
            target = tree / found[1].lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found[1], target)
