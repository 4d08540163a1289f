"""The blocks of code of README.md and Documentation/*.md: those in fences, and those that are indented."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {file.stem: file.read_text() for file in [ROOT / "README.md", *sorted((ROOT / "Documentation").glob("*.md"))]}
FENCE = re.compile(r" *```(.*)")
ITEM = re.compile(r"(?:[-*]|\d+\.) +")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    """Of the page, counted from 1."""
    above: str
    """The paragraph in front of the block."""
    info: str | None
    """What stands behind the backticks, or nothing if the block is indented."""
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def language(self):
        return self.info and self.info.partition(" ")[0]

    @property
    def beginning(self):
        """What a list of blocks names this one by."""
        return f"```{self.info}\n{self.text}" if self.info is not None else self.text


def blocks(page):
    found, above, lines = [], [], PAGES[page].split("\n")
    # How far code is indented: further than in the rest of the page in an item of a list.
    depth = 4
    index = 0
    while index < len(lines):
        line, start = lines[index], index
        if fence := FENCE.fullmatch(line):
            index = next(end for end in range(index + 1, len(lines)) if lines[end].strip() == "```") + 1
            info, code = fence[1], lines[start + 1 : index - 1]
        elif re.match(rf" {{{depth}}}", line) and not lines[index - 1].strip():
            while index < len(lines) and (not lines[index].strip() or lines[index].startswith(" " * depth)):
                index += 1
            info, code = None, lines[start:index]
        else:
            if line.strip():
                begins = index == 0 or not lines[index - 1].strip()
                above = [line] if begins else [*above, line]
                if item := ITEM.match(line):
                    depth = 4 + len(item[0])
                elif begins and line[0] != " ":
                    depth = 4
            index += 1
            continue
        text = textwrap.dedent("\n".join(code)).strip("\n") + "\n"
        found.append(Block(page, start + 1, "\n".join(above).strip(), info, text))
    return found


ALL = [block for page in PAGES for block in blocks(page)]
