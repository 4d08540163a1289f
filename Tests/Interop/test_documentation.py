"""What the documentation names is there."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "Documentation").glob("*.md")], key=lambda page: page.name)


def files(*folders):
    return [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]


def test_the_threat_model_names_files_and_tests_that_are_there():
    text = (ROOT / "Documentation/ThreatModel.md").read_text()
    rows = [line for line in text[text.index("## Advice") :].splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) > 30
    names = {file.name for file in files("Sources", "Tests")} | {folder.name for folder in (ROOT / "Tests").iterdir()}
    tests = set(re.findall(r"func (\w+)\(", "".join(file.read_text() for file in files("Tests") if file.suffix == ".swift")))
    for row in rows:
        _, section, where, test, _ = row.split("|")
        for name in re.findall(r"`([\w+]+\.(?:swift|py))`", row):
            assert name in names, f"{section}: there is no {name}"
        for name in re.findall(r"`(\w+)`", test):
            assert name in tests | names, f"{section}: there is no test {name}"
        assert test.strip() or "not met" in where or "nothing is compressed" in where, f"{section}: no test"


def test_the_architecture_names_targets_files_and_types_that_are_there():
    text = (ROOT / "Documentation/Architecture.md").read_text()
    sources = [file for file in files("Sources") if file.suffix == ".swift"]
    names = {file.name for file in sources}
    targets = {folder.name for folder in (ROOT / "Sources").iterdir()}
    declaration = re.compile(r"\b(?:struct|class|enum|protocol|typealias) (\w+)")
    types = {name for file in sources for name in declaration.findall(file.read_text())}
    for file in re.findall(r"`([\w+]+\.swift)`", text):
        assert file in names, f"there is no file {file}"
    for path in re.findall(r"`((?:Sources|Tests|script)/[\w/+.-]+)`", text):
        assert (ROOT / path).exists(), f"there is no {path}"
    for name in re.findall(r"`([A-Z]\w+)(?:\.(?!swift`)\w+(?:\([\w:]*\))?)?`", text):
        assert name in types | targets, f"there is no type or target {name}"
    flows = "".join(re.findall(r"^    .*->.*\n", text, re.M))
    assert flows
    for name in set(re.findall(r"\b[A-Z][a-z]\w+", flows)) - {"Set"}:
        assert name in types | targets, f"there is no type {name}"
    # Each target is in the picture.
    picture = text[text.index("```") : text.index("```", text.index("```") + 3)]
    assert not {target for target in targets if not re.search(rf"(?<![\w-]){target}(?![\w-])", picture)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target, _, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", page.read_text()):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name}: there is no {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {file.name} has no heading #{anchor}"


def anchors(page):
    """What links to the headings of a page are called."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_each_source_of_the_comparison_has_an_address():
    text = (ROOT / "Documentation/Comparison.md").read_text()
    named = set(re.findall(r"\]\[([\w-]+)\]", text))
    addresses = re.findall(r"^\[([\w-]+)\]: https://\S+$", text, re.MULTILINE)
    assert sorted(named) == sorted(addresses)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_are_there(page):
    for script in set(re.findall(r"\bscript/[\w-]+", page.read_text())):
        assert (ROOT / script).exists(), f"{page.name}: there is no {script}"


def test_the_endpoints_are_those_of_the_description():
    text = (ROOT / "Documentation/Endpoints.md").read_text().split("\n## ")[0]
    paths = json.loads((ROOT / "Documentation/openapi.json").read_text())["paths"]
    described = {f"{method.upper()} {path}" for path in paths for method in paths[path] if method in {"get", "post"}}
    # The standard configuration has these off.
    optional = {"POST /oauth2/revoke", "GET /oauth2/authorize", "GET /console"}
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert set(re.findall("`((?:GET|POST) [^`]+)`", "".join(rows))) == described | optional


def test_the_pictures_are_those_that_the_script_makes():
    """From the times in the sources, so that a changed time changes the picture of a rotation."""
    subprocess.run([ROOT / "script/pictures", "--check"], check=True, timeout=30)


def test_a_backup_of_the_documentation_is_readable_for_its_owner_alone(tmp_path):
    (command,) = re.findall(r"^ {4}(\(umask .* tar .*)$", (ROOT / "Documentation/Operating.md").read_text(), re.MULTILINE)
    for name in ("writ.yaml", "clients.yaml", "keys"):
        (tmp_path / name).write_text("")
    # A command that changes the mode afterwards would leave a moment in which others can read.
    assert "chmod" not in command
    subprocess.run(["sh", "-c", f"umask 022; {command}"], cwd=tmp_path, check=True, timeout=30)
    (archive,) = tmp_path.glob("*.tar")
    assert archive.stat().st_mode & 0o777 == 0o600


def test_each_cause_of_a_refusal_is_explained_once():
    source = (ROOT / "Sources/OAuth/Requests/RefusalCause.swift").read_text()
    declared = re.findall(r"^    case (\w+)(?: = \"(\w+)\")?$", source, re.M)
    causes = [raw or name for name, raw in declared]
    assert len(causes) > 50
    text = (ROOT / "Documentation/Operating.md").read_text()
    section = text[text.index("## Why a request was refused") :].split("\n## ")[0]
    explained = [word for row in section.splitlines() if row.startswith("| `") for word in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(word for word in explained if word != "cause") == sorted(causes)


def test_the_changelog_has_the_form_that_it_names():
    text = (ROOT / "Documentation/CHANGELOG.md").read_text()
    first, *releases = re.findall(r"^## (.*)$", text, re.M)
    assert first == "[Unreleased]"
    assert [release for release in releases if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", release)] == []
    assert set(re.findall(r"^### (.*)$", text, re.M)) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
