"""Runs the sessions in Tests/Transcripts; its README.md has the format."""

import difflib
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service import DEADLINE, clean_environment

FOLDER = Path(__file__).parents[1] / "Transcripts"


@dataclass
class Command:
    line: str
    number: int
    expected: list[str] = field(default_factory=list)
    status: int = 0


def read(text: str) -> list[Command]:
    commands = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("$ "):
            commands.append(Command(line[2:], number))
        elif commands and (status := re.fullmatch(r"\? (\d+)", line)):
            commands[-1].status = int(status[1])
        elif commands:
            commands[-1].expected.append(line)
    return commands


def pattern(expected: str) -> str:
    return ".*".join(re.escape(part) for part in expected.split("[..]"))


def matches(expected: list[str], actual: list[str]) -> bool:
    whole = "".join("(?:.*\n)*" if line == "..." else pattern(line) + "\n" for line in expected)
    return re.fullmatch(whole, "".join(line + "\n" for line in actual)) is not None


def difference(expected: list[str], actual: list[str]) -> str:
    """A diff in which a line with `[..]` that matches some actual line is shown as that line."""
    shown = [next((line for line in actual if re.fullmatch(pattern(each), line)), each) for each in expected]
    return "\n".join(difflib.unified_diff(shown, actual, "expected", "actual", lineterm=""))


def without_blank_end(lines: list[str]) -> list[str]:
    return "\n".join(lines).rstrip("\n").splitlines()


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_transcript(file, tmp_path):
    commands = read(file.read_text(encoding="utf-8"))
    assert commands, f"{file} holds no command"
    for command in commands:
        result = subprocess.run(
            ["bash", "-c", command.line],
            cwd=tmp_path,
            env=clean_environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
        )
        where = f"{file.name}:{command.number}: $ {command.line}"
        expected, actual = without_blank_end(command.expected), without_blank_end(result.stdout.splitlines())
        if not matches(expected, actual):
            pytest.fail(f"{where}\n{difference(expected, actual)}", pytrace=False)
        if result.returncode != command.status:
            output = "\n".join(actual)
            pytest.fail(f"{where}\nexit status {result.returncode}, not {command.status}\n{output}", pytrace=False)


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ("one\ntwo", "one\ntwo", True),
        ("one", "one\ntwo", False),
        ("one\ntwo", "one", False),
        ("o[..]e [..]", "one two", True),
        ("o[..]e", "one\ne", False),
        ("...", "", True),
        ("one\n...\nthree", "one\nthree", True),
        ("one\n...\nthree", "one\ntwo\n2\nthree", True),
        ("one\n...\nthree", "one\ntwo", False),
        ("a.c", "abc", False),
    ],
)
def test_the_matching_itself(expected, actual, verdict):
    assert matches(expected.splitlines(), actual.splitlines()) is verdict
