"""Packages that depend on Writ: every Swift snippet of the documentation builds and runs in one, and it resolves no more than it
needs."""

import json
import os
import re
import runpy
import subprocess
from pathlib import Path

import pytest

from service import SANITIZER

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "script/snippets"))
# What only the service uses of other packages. Hummingbird and the packages below the HTTP client need the rest.
SERVICE_ONLY = {"swift-argument-parser", "yams"}


@pytest.mark.skipif(bool(SANITIZER), reason="the script builds its own, without a sanitizer")
def test_every_snippet_builds_and_runs_in_the_package_of_a_stranger(service):
    environment = {**os.environ, "EXAMPLE_TOKEN": service.access_token(), "EXAMPLE_CLIENT_SECRET": service.client_secret}
    result = subprocess.run(
        [ROOT / "script/snippets", "--run", service.issuer],
        env=environment, capture_output=True, encoding="utf-8", timeout=1500,
    )
    assert result.returncode == 0, f"{result.stdout[-6000:]}{result.stderr[-6000:]}"
    assert set(result.stdout.splitlines()) >= set(SCRIPT["places_that_run"](SCRIPT["pages"]()))
    assert "Suite BearerTokenInterceptorTests passed" in result.stdout
    resolved = set(re.search(r"^script/snippets: resolved (?!without)(.*)$", result.stdout, re.M)[1].split())
    assert "hummingbird" in resolved
    assert not resolved & SERVICE_ONLY
    bare = set(re.search(r"^script/snippets: resolved without traits (.*)$", result.stdout, re.M)[1].split())
    assert "async-http-client" in bare
    assert not bare & (SERVICE_ONLY | {"hummingbird"})


def manifest():
    text = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, capture_output=True, check=True, timeout=120).stdout
    return json.loads(text)


@pytest.fixture(scope="module")
def package():
    return manifest()


def needed(package, target):
    """The trait that each product of another package needs, or nothing, for a target and all that it depends on."""
    targets = {each["name"]: each for each in package["targets"]}
    found, pending, seen = {}, [target], set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        for dependency in targets[name]["dependencies"]:
            if "byName" in dependency:
                pending.append(dependency["byName"][0])
            else:
                product, other, _, condition = dependency["product"]
                found[f"{other}/{product}"] = (condition or {}).get("traits") or []
    return found


def libraries(package):
    return [
        product["name"] for product in package["products"] if "library" in product["type"] and product["name"] != "WritParts"
    ]


def test_a_library_needs_no_trait_but_its_own(package):
    assert "TokenVerifier" in libraries(package)
    for library in libraries(package):
        traits = {trait for traits in needed(package, library).values() for trait in traits}
        assert traits <= ({"Hummingbird"} if library == "TokenVerifierHummingbird" else set()), library


def test_the_products_of_a_package_have_one_condition(package):
    """Else SwiftPM leaves a package out although it is needed (swift-package-manager issue 8398)."""
    conditions = {}
    for target in package["targets"]:
        for dependency in target["dependencies"]:
            if "product" in dependency:
                _, other, _, condition = dependency["product"]
                conditions.setdefault(other, set()).add(tuple((condition or {}).get("traits") or []))
    assert {other: found for other, found in conditions.items() if len(found) > 1 or len(max(found)) > 1} == {}


def test_each_library_is_used_by_the_consumer(package):
    text = (ROOT / "Tests/Consumer/Package.swift").read_text()
    for library in libraries(package):
        assert f'.product(name: "{library}", package: "writ", moduleAliases: aliases)' in text


PAGE = """
```swift
import Foundation
import TokenVerifier

/// A type.
struct Order: Codable {
    let number: Int
}

let issuer = try Issuer("https://tokens.example.com")
let list = [
    1,
]
switch list.count {
case 1: break
default: break
}
```

<!-- swift: given
let token = "a"
-->
```swift
print(token)
```

<!-- swift: not run: it does not end -->

```swift
while true {}
```

1. A list:

   <!-- swift: not compiled: it is a part -->
   ```swift
   .package(
   ```
"""


def test_a_page_is_a_program():
    first, second, third, fourth = SCRIPT["snippets_of"]("Page.md", PAGE)
    assert [first.place, second.place, third.place] == ["Page.md:3", "Page.md:25", "Page.md:31"]
    assert [snippet.directive for snippet in (first, second, third, fourth)] == ["", "given", "not run", "not compiled"]
    assert (second.given, fourth.code) == ('let token = "a"\n', ".package(\n")
    source = SCRIPT["source_of"]([first, second, third])
    head, body = source.split("public func run")
    assert head.startswith("import Foundation\nimport TokenVerifier\n")
    assert '#sourceLocation(file: "Page.md", line: 6)\n/// A type.\nstruct Order: Codable {' in head
    assert body.index("let issuer") < body.index("let list") < body.index('let token = "a"') < body.index("print(token)")
    assert 'line: 11)\nlet issuer' in body
    assert "func notRun31() async throws {" in body
    assert "switch list.count {\ncase 1: break\ndefault: break\n}" in body
    assert body.count("step(") == 2


def test_the_tests_of_a_page_run_in_place_of_its_snippets():
    page = SCRIPT["snippets_of"]("Page.md", PAGE)
    assert SCRIPT["places_that_run"]({"Page.md": page}) == ["Page.md:3", "Page.md:25"]
    tests = SCRIPT["snippets_of"]("Tests.md", "```swift\nimport Testing\n\n@Test func one() {}\n```\n")
    assert SCRIPT["is_test_page"](tests)
    assert SCRIPT["places_that_run"]({"Tests.md": tests}) == []


@pytest.mark.parametrize("comment", ["skip", "not run", "not compiled:", "given: a", "not run it"])
def test_a_comment_that_is_not_understood_is_an_error(comment):
    with pytest.raises(SCRIPT["Mistake"]):
        SCRIPT["snippets_of"]("Page.md", f"<!-- swift: {comment} -->\n```swift\nlet a = 1\n```\n")


@pytest.mark.parametrize(
    "comment, has_code",
    [
        ("/// Text:\n///\n///     let a = 1\n", True),
        ("    /// Text:\n    ///\n    /// ```swift\n", True),
        ("/// - Parameter a: text\n///     that goes on.\n", False),
        ("/// Text.\n///\n/// More.\n", False),
    ],
)
def test_code_in_a_comment_is_found(comment, has_code):
    assert bool(SCRIPT["COMMENTED_CODE"].search(comment)) == has_code


def test_a_part_of_the_manifest_stands_there():
    [snippet] = SCRIPT["snippets_of"]("Page.md", '<!-- swift: manifest -->\n```swift\n.package(path: "writ"),\n```\n')
    with pytest.raises(SCRIPT["Mistake"]):
        SCRIPT["check_manifest"](snippet)
