"""`script/docs` reports what is missing in the documentation of a library product. CI runs it; here are its rules."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "script/docs"))


def symbol(name="A.b", comment=True, names=(), identifier="s:13TokenVerifier1AV1byyF"):
    found = {
        "identifier": {"precise": identifier},
        "pathComponents": name.split("."),
        "location": {"uri": f"file://{ROOT}/Sources/TokenVerifier/A.swift", "position": {"line": 6}},
        "declarationFragments": [{"spelling": each[0], "preciseIdentifier": each[1]} for each in names],
    }
    return {**found, "docComment": {"lines": []}} if comment else found


def mistakes(*symbols, shown=()):
    return list(SCRIPT["mistakes"]("TokenVerifier", symbols, set(shown)))


def test_a_declaration_without_a_comment_is_reported_with_its_place():
    assert mistakes(symbol()) == []
    assert mistakes(symbol(comment=False)) == ["Sources/TokenVerifier/A.swift:7: A.b has no comment"]
    assert mistakes(symbol(comment=False, identifier="s:SQ2neoiySbx_xtFZ::SYNTHESIZED::s:13TokenVerifier1AV")) == []


ISSUER = ("Issuer", "s:11AccessToken6IssuerV")


@pytest.mark.parametrize("names", [[ISSUER], [("String", "s:SS"), ISSUER]])
def test_a_type_that_the_product_does_not_show_is_reported(names):
    assert mistakes(symbol(names=names)) == [
        "Sources/TokenVerifier/A.swift:7: A.b names Issuer of AccessToken, which `import TokenVerifier` does not show"
    ]
    assert mistakes(symbol(names=names), shown=[ISSUER[1]]) == []


@pytest.mark.parametrize("other", ["s:SS", "s:s5ErrorP", "s:11Hummingbird6RouterC", "c:objc(cs)NSObject"])
def test_types_of_others_are_theirs(other):
    assert mistakes(symbol(names=[("Other", other)])) == []


def test_the_library_products_have_documentation():
    assert {"TokenVerifier", "TokenVerifierHummingbird"} <= set(SCRIPT["products"]())
    assert SCRIPT["reexported"]("TokenVerifier") >= {"AccessToken", "JOSE", "RemoteKeys"}
    assert SCRIPT["reexported"]("TokenVerifierHummingbird") == {"TokenVerifier"}
