"""Working folders as `writ init` makes them. Making a key takes longer than most tests, so what `writ init` wrote is copied.

Folders that are in use at the same time have different keys and secrets. One that was given back passes its own on.
"""

import heapq
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Initialized:
    """A folder that nothing but `writ init` has changed, and what that printed."""

    folder: tempfile.TemporaryDirectory
    listen: str
    management: str
    output: str


initialized: list[Initialized] = []
# The indexes of those whose keys and secrets no working folder has now.
unused: list[int] = []


def lay_out(folder: Path, listen: str, management: str, init) -> tuple[int, str]:
    """Makes this the working folder of a service at these addresses. Returns what `give_back` needs, and the output of `writ init`.

    `init` runs `writ init` in a folder, and returns its output.
    """
    if not unused:
        template = tempfile.TemporaryDirectory(prefix="writ-init-")
        initialized.append(Initialized(template, listen, management, init(Path(template.name))))
        unused.append(len(initialized) - 1)
    index = heapq.heappop(unused)
    source = initialized[index]
    # Without the times of the files: a working folder is as new as its service.
    shutil.copytree(source.folder.name, folder, copy_function=shutil.copy, dirs_exist_ok=True)

    addresses = {source.listen: listen, source.management: management}

    def with_new_addresses(text):
        return re.sub("|".join(map(re.escape, addresses)), lambda found: addresses[found[0]], text)

    settings = folder / "writ.yaml"
    settings.write_text(with_new_addresses(settings.read_text()))
    return index, with_new_addresses(source.output)


def give_back(index: int):
    heapq.heappush(unused, index)
