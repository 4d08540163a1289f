"""Each command of the README and of Documentation/Quickstart.md, in their order, with what it prints."""

import re
import sys
from pathlib import Path

import pytest
import requests

from console_session import ConsoleSession, blocks, commands, matches
from service import DEADLINE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
QUICKSTART = (ROOT / "Documentation/Quickstart.md").read_text()
READ_SECRET = "read -rs WRIT_CLIENT_SECRET && export WRIT_CLIENT_SECRET"


@pytest.fixture
def session(tmp_path):
    # The Python of the tests has PyJWT.
    with ConsoleSession(tmp_path, path=[Path(sys.executable).parent]) as session:
        yield session


def copy_secret(session):
    """What a reader does who copies the secret of `writ init`."""

    def note(command, output):
        for line in output:
            if secret := re.fullmatch(r"client_secret +(writ_cs_\S+)", line):
                session.inputs.setdefault(READ_SECRET, secret[1] + "\n")

    return note


def test_the_quickstart_works_as_written(session):
    assert session.run_page(QUICKSTART, copy_secret(session)) > 20
    for address in re.findall(r"<(http://127\.0\.0\.1:\d+/\w+)>", QUICKSTART):
        assert requests.get(session.here(address), timeout=DEADLINE).status_code == 200


def test_the_readme_works_as_written(session):
    assert session.run_page(README, copy_secret(session)) == 11


def test_each_number_of_the_readme_is_where_it_was_measured():
    facts = re.findall(r"(?ms)^- \*\*(.*?)(?=^- |^$)", README[README.index("## Why") :].split("\n## ")[0])
    assert len(facts) == 4
    for fact in facts:
        page, heading = re.search(r"\]\((Documentation/\w+\.md)#([\w-]+)\)", fact).groups()
        section = section_of((ROOT / page).read_text(), heading)
        for number in re.findall(r"[\d,.]*\d", " ".join(re.findall(r"\*\*(.*?)\*\*", fact.partition("**")[2]))):
            assert re.search(rf"(?<![\d,.]){re.escape(number)}(?![\d,])", section), f"{page}#{heading} has no {number}"


def section_of(text, heading):
    sections = re.split(r"(?m)^(?=##+ )", text)
    (found,) = [each for each in sections if anchor(each.partition("\n")[0].lstrip("# ")) == heading]
    return found


def anchor(title):
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ("one  two", "one two", True),
        ("o...e", "one", True),
        ("o...e", "one two", False),
        ("until 2026-11-23T09:30:00Z.", "until 2030-01-01T00:00:00Z.", True),
        ("until 2026-11-23T09:30:00Z.", "until then.", False),
        ("a\n...\nb", "a\nb", True),
        ("a\n...", "b", False),
        ("", "one", False),
    ],
)
def test_the_matching_itself(expected, actual, verdict):
    assert matches(expected.splitlines(), actual.splitlines()) is verdict


def test_a_command_that_is_not_run_says_why():
    (first, second) = commands("$ a \\\n  b    # not run: it asks\n$ c   # as it is\nout\n")
    assert first.reason_not_to_run == "it asks" and second.reason_not_to_run is None
    assert second.expected == ["out"]
    assert blocks("- one:\n\n  ```console\n  $ a\n  ```\n") == [("console", "", "$ a\n")]
