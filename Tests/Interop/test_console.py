"""The console as an operator has it: in a real browser, with real data, with keyboard, phone and both colour schemes."""

import json
import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from browser import console_page, contrast, inspect, rows, running_browser, state
from peers import needs
from playwright.sync_api import expect
from service import DEADLINE, RESOURCE, Service, assert_clear_error, wait_until
from tokens import claims, encode_base64url, flip_one_bit, header

pytestmark = needs("chromium")
OTHER_ALGORITHMS = ["ES256", "ES384", "EdDSA"]
# Runs if it gets into a page as markup, and closes whatever it may stand in.
ATTACK = "\"'></td></script></style><img src=x onerror=alert(1)><script>alert(2)</script>"
# The same without what the syntax of a scope or a URI does not have.
ATTACK_WORD = "<img/src=x/onerror=alert(3)>"
ATTACK_KEY = "<img src=x onerror=alert(6)>"


@pytest.fixture(scope="module")
def browser():
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service with a client of each kind, two trusted issuers, and a key that will sign."""
    with Service(tmp_path_factory.mktemp("console")) as service:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3 * 86400))
        entries = [
            {"client_id": "soon", "client_name": "Expires soon", "client_secrets": [{"hash": "sha256:" + "A" * 43, "expires_at": soon}]},
            {"client_id": "workload", "identities": [{"issuer": "cluster", "subject": "system:serviceaccount:a:b"}]},
            {"client_id": ATTACK, "client_name": ATTACK, "scope": ATTACK_WORD.replace('"', ""), "audiences": [ATTACK_WORD],
             "claims": {"tenant": ATTACK}, "client_secrets": [{"hash": "sha256:" + "A" * 43}]},
        ]
        service.clients_file.write_text(service.clients_file.read_text() + "".join(f"  - {json.dumps(each)}\n" for each in entries))
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
        (service.folder / "keys.json").write_text(json.dumps({"keys": [{**key, "kid": "k"}]}))
        issuers = [
            {"name": "cluster", "issuer": "https://kubernetes.default.svc", "jwks_file": "keys.json"},
            {"name": "far", "issuer": "https://issuer.invalid/'onload='alert(5)", "jwks_uri": "http://127.0.0.1:9/keys"},
        ]
        (service.folder / "issuers.yaml").write_text(json.dumps({"issuers": issuers}))
        service.writ("keys", "rotate")
        # These are published, and sign nothing here.
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (service.folder / f"keys/kid={ATTACK_KEY}.pub.pem").write_bytes(pem)
        for algorithm in OTHER_ALGORITHMS:
            service.writ("keys", "generate", "--algorithm", algorithm)
        yield service.start(WRIT_CONSOLE="on")


@pytest.fixture(scope="module")
def page(browser, service):
    """One page for the tests that leave it as it is."""
    with console_page(browser, service) as page:
        yield page


class TestPanels:
    def test_keys_are_a_picture_on_a_time_line(self, service, page):
        facts = state(service)
        (signing,) = [key for key in facts["keys"] if key["state"] == "signing" and key["use"] == "signing"]
        assert len([key for key in facts["keys"] if key["state"] == "published"]) == len(OTHER_ALGORITHMS) + 1
        (following,) = [key for key in facts["keys"] if key["state"] == "next"]
        expect(page.locator("#keys-summary")).to_contain_text(f"key {signing['kid'][:12]}… signs")
        expect(page.locator("#keys-summary")).to_contain_text(f"Key {following['kid'][:12]}… takes over at")
        picture = page.get_by_role("img", name="Time line")
        expect(picture).to_be_visible()
        assert "takes over" in picture.get_attribute("aria-label")
        boxes = {name: picture.locator(f"rect.{name}").first.bounding_box() for name in ("is-signing", "is-next")}
        now = picture.locator("line.now").bounding_box()["x"]
        assert boxes["is-signing"]["x"] < now < boxes["is-signing"]["x"] + boxes["is-signing"]["width"]
        assert abs(boxes["is-next"]["x"] - now) < 3
        page.get_by_text("All keys as a table").click()
        assert {row[0].splitlines()[0] for row in rows(page, "#keys-table")} == {key["kid"] for key in facts["keys"]}

    def test_requests_are_plots_that_move(self, service, page):
        before = page.locator("#plot-outcomes path").first.get_attribute("d")
        for _ in range(3):
            assert service.request_token().status_code == 200
            service.request_token(client_secret="wrong")
        expect(page.locator("#plot-refusals")).to_contain_text("wrong_secret")
        expect(page.locator("#tile-total dd")).to_have_text("3")
        expect(page.locator("#plot-outcomes path").first).not_to_have_attribute("d", before)
        expect(page.locator("#plot-waiting")).to_contain_text("waiting, of")

    def test_what_expires_first_is_first(self, page):
        table = rows(page, "#clients-table")
        assert table[0][0].startswith("soon") and "in 2 d 23 h" in table[0][1]
        assert all("does not expire" in row[1] for row in table[1:])
        assert "private_key_jwt" in next(row for row in table if row[0] == "workload")[5]

    def test_clients_are_sorted_and_found(self, page):
        page.get_by_role("button", name="Client", exact=True).click()
        expect(page.locator("#clients-table th[aria-sort=ascending]")).to_contain_text("Client")
        expect(page.locator("#clients-table tbody tr").last).to_contain_text("workload")
        page.get_by_role("button", name="Client ↑").click()
        expect(page.locator("#clients-table tbody tr").first).to_contain_text("workload")
        page.get_by_label("Find").fill("EXPIRES SOON")
        expect(page.locator("#clients-range")).to_have_text("1 to 1 of 1 found, of 4")
        page.get_by_label("Find").fill("")
        page.get_by_role("button", name="Expires").click()
        expect(page.locator("#clients-range")).to_have_text("1 to 4 of 4")

    def test_issuers_have_the_age_of_their_keys(self, page):
        table = rows(page, "#issuers-table")
        assert [row[0] for row in table] == ["cluster", "far"]
        assert table[0][3] == "read with the configuration" and table[1][3] == "not needed yet"

    def test_files_are_in_use(self, page):
        expect(page.locator("#files-list")).to_contain_text("All files are in use as they are.")
        expect(page.locator("#alarm")).to_be_hidden()

    def test_each_panel_is_a_landmark_with_a_heading(self, page):
        for name in ("Overview", "Keys", "Requests", "Clients", "Trusted issuers", "Files", "Token inspector"):
            expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)
        for role in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.get_by_role("navigation", name="Panels")).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_text("Writ console")


def key_of(service, algorithm):
    """The service's own key for an algorithm that is in force, or that would be."""
    keys = [each for each in state(service)["keys"] if each["use"] == "signing" and each["state"] != "next"]
    (key,) = [each for each in keys if each["alg"] == algorithm]
    return key


def private_key(service):
    """The key that signs."""
    return (service.folder / "keys" / key_of(service, "RS256")["file"]).read_text()


def signed(service, token, **changes):
    """The token with other claims, signed with the key of the service."""
    changed = {name: value for name, value in {**claims(token), **changes}.items() if value is not None}
    return jwt.encode(changed, private_key(service), "RS256", {"kid": header(token)["kid"], "typ": "at+jwt"})


class TestInspector:
    def test_a_good_token(self, service, page):
        token = service.access_token()
        verdict, findings = inspect(page, token)
        assert verdict.startswith("Valid until ")
        assert f"The signature matches key {header(token)['kid']} (RS256)." in findings
        assert f"It is for {RESOURCE}. Others must refuse it." in findings
        assert ["client_id", service.client_id, "client"] in rows(page, "#decoded table:last-child")

    def test_it_is_found_in_what_is_pasted(self, service, page):
        answer = service.request_token().json()
        for text in (json.dumps(answer), f"Authorization: Bearer {answer['access_token']}", f'  "{answer["access_token"]}"\n'):
            assert inspect(page, text)[0].startswith("Valid until ")

    @pytest.mark.parametrize("part", ["header", "payload", "signature"])
    def test_a_tampered_token(self, service, page, part):
        verdict, _ = inspect(page, flip_one_bit(service.access_token(), part))
        assert verdict.startswith("Not valid.")
        assert ("is unknown here" if part == "header" else "does not match key") in verdict

    @pytest.mark.parametrize(
        "changes, words",
        [
            ({"exp": 1_700_000_000}, "It expired at 2023-11-14 22:13 UTC"),
            ({"exp": None}, "does not say when it expires"),
            ({"exp": "tomorrow"}, "does not say when it expires"),
            ({"iss": "https://other.example"}, "The issuer is https://other.example, and not"),
            ({"iss": None}, "It names no issuer"),
            ({"iat": 4_000_000_000}, "issued in the future"),
            ({"nbf": 4_000_000_000}, "not good yet"),
            ({"aud": None}, "It names no resource server"),
        ],
    )
    def test_claims_that_are_wrong(self, service, page, changes, words):
        verdict, findings = inspect(page, signed(service, service.access_token(), **changes))
        assert verdict.startswith("Not valid.") and words in verdict
        assert any(finding.startswith("The signature matches") for finding in findings)

    def test_a_foreign_token(self, service, page):
        key = rsa.generate_private_key(65537, 2048)
        token = jwt.encode({"iss": "https://other.example", "exp": 4_000_000_000}, key, "RS256", {"kid": "theirs"})
        assert 'Its key "theirs" is unknown here. The token is from another issuer.' in inspect(page, token)[0]
        # The key of another one under the name of ours.
        token = jwt.encode(claims(service.access_token()), key, "RS256", {"kid": header(service.access_token())["kid"], "typ": "at+jwt"})
        assert "does not match key" in inspect(page, token)[0]

    @pytest.mark.parametrize(
        "text, words",
        [
            (lambda token: jwt.encode(claims(token), None, "none"), "anybody can make such a token"),
            (lambda token: jwt.encode(claims(token), "s" * 32, "HS256"), "shared secret"),
            (lambda token: "a.b.c.d.e", "encrypted"),
            (lambda token: "writ_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "This is a refresh token."),
            (lambda token: "writ_cs_short", "This is a client secret"),
            (lambda token: "hello", "not a signed token"),
            (lambda token: token[:60], "not a signed token"),
            (lambda token: "e30.e30." + "A" * 70_000, "longer than any token"),
            (lambda token: "." + token.split(".", 1)[1], "The header is not JSON"),
            (lambda token: encode_base64url(b'{"alg":"__proto__"}') + ".e30.AA", "no signature algorithm __proto__"),
        ],
    )
    def test_what_is_no_token_of_the_service(self, service, page, text, words):
        verdict, _ = inspect(page, text(service.access_token()))
        assert words in verdict

    def test_another_type_of_token(self, service, page):
        token = service.access_token()
        for type, words in [("JWT", None), ("dpop+jwt", "It is not an access token (typ is dpop+jwt)"), ("application/at+jwt", None)]:
            other = jwt.encode(claims(token), private_key(service), "RS256", {"kid": header(token)["kid"], "typ": type})
            verdict, _ = inspect(page, other)
            assert words in verdict if words else verdict.startswith("Valid until ")

    @pytest.mark.parametrize("algorithm", OTHER_ALGORITHMS)
    def test_each_algorithm(self, service, page, algorithm):
        key = key_of(service, algorithm)
        private = (service.folder / "keys" / key["file"]).read_text()
        token = jwt.encode(claims(service.access_token()), private, algorithm, {"kid": key["kid"], "typ": "at+jwt"})
        verdict, findings = inspect(page, token)
        assert verdict.startswith("Valid until ")
        assert f"The signature matches key {key['kid']} ({algorithm})." in findings
        assert "does not match key" in inspect(page, flip_one_bit(token, "payload"))[0]

    def test_the_other_algorithm_of_an_rsa_key(self, browser, own_service):
        own_service.start(WRIT_ACCESS_TOKEN_ALGORITHM="PS256", WRIT_CONSOLE="on")
        with console_page(browser, own_service) as page:
            token = own_service.access_token()
            assert inspect(page, token)[0].startswith("Valid until ")
            assert "does not match key" in inspect(page, flip_one_bit(token, "payload"))[0]

    def test_the_key_of_another_algorithm(self, service, page):
        """RS256 with a key for ES256, and with one for Ed25519."""
        for algorithm in ("ES256", "EdDSA"):
            key = key_of(service, algorithm)
            token = jwt.encode(claims(service.access_token()), private_key(service), "RS256", {"kid": key["kid"], "typ": "at+jwt"})
            assert "is not for RS256, but for" in inspect(page, token)[0]

    def test_a_browser_that_does_not_verify_here(self, browser, service):
        """On a page that is neither of localhost nor of https."""
        with console_page(browser, service) as page:
            page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })")
            verdict, findings = inspect(page, service.access_token())
            assert verdict == "Its claims are in order. Its signature was not checked."
            assert any("Use a forwarded port." in finding for finding in findings)

    def test_nothing_leaves_the_browser(self, service, page):
        sent = []
        page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
        token = service.access_token()
        inspect(page, token)
        with page.expect_request("**/console/state.json*"):
            page.get_by_role("button", name="Expires").click()
        page.get_by_role("button", name="Expires").click()
        assert sent and not any(part in text for part in token.split(".") for text in sent)


class TestHostileTexts:
    def assert_harmless(self, page):
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 1
        assert page.locator("[onerror]").count() == 0

    def test_of_an_operator(self, page):
        cells = rows(page, "#clients-table")
        assert sum(ATTACK in row[0] for row in cells) == 1
        assert any(ATTACK_WORD in row[3] and ATTACK_WORD in row[4] for row in cells)
        assert ATTACK_KEY[:12] in page.get_by_role("img", name="Time line").text_content()
        assert ATTACK_KEY in page.locator("#keys-table").text_content()
        assert rows(page, "#issuers-table")[1][1] == "https://issuer.invalid/'onload='alert(5)"
        self.assert_harmless(page)

    def test_in_a_token(self, service, page):
        token = jwt.encode({ATTACK: {"a": [ATTACK]}, "iss": ATTACK, "aud": [ATTACK], "exp": 4_000_000_000, "__proto__": ATTACK},
                           private_key(service), "RS256", {"kid": ATTACK, "typ": ATTACK, ATTACK: ATTACK})
        verdict, _ = inspect(page, token)
        assert ATTACK in verdict
        assert ATTACK in page.locator("#decoded").inner_text()
        self.assert_harmless(page)
        inspect(page, ATTACK)
        self.assert_harmless(page)

    def test_characters_that_hide_others(self, service, page):
        token = jwt.encode({"iss": "a\u202eb\u0000c\u200bd", "exp": 4_000_000_000}, private_key(service), "RS256", {"kid": "k"})
        inspect(page, token)
        assert "a\\u202eb\\u0000c\\u200bd" in page.locator("#decoded").inner_text()

    def test_values_that_are_nested_too_deeply(self, page):
        deep = jwt.utils.base64url_encode(('{"a":' + "[" * 40_000 + "]" * 4 + "}").encode()).decode()
        assert "not JSON" in inspect(page, f"e30.{deep}.AA")[0]

    def test_in_a_search_and_in_paths(self, browser, service, page):
        page.get_by_label("Find").fill(ATTACK[:64])
        expect(page.locator("#clients-range")).to_contain_text("of 4")
        page.get_by_label("Find").fill("")
        expect(page.locator("#clients-range")).to_have_text("1 to 4 of 4")
        self.assert_harmless(page)
        with console_page(browser, service, path=f"/console?{ATTACK}#{ATTACK}") as other:
            self.assert_harmless(other)

    def test_in_problems_and_in_the_names_of_files(self, browser, own_service):
        folder = own_service.folder / "<img src=x onerror=alert(4)>"
        folder.mkdir()
        own_service.clients_file.rename(folder / "clients.yaml")
        own_service.start(WRIT_CONSOLE="on", WRIT_CLIENTS=str(folder / "clients.yaml"))
        with console_page(browser, own_service) as page:
            with (folder / "clients.yaml").open("a") as file:
                file.write(f"  - {json.dumps({'client_id': 'broken', ATTACK: ATTACK})}\n")
            expect(page.locator("#alarm")).to_be_visible()
            expect(page.locator("#files-list")).to_contain_text("<img src=x onerror=alert(4)>/clients.yaml:")
            expect(page.locator("#tile-clients")).to_contain_text("1 refused")
            self.assert_harmless(page)


class TestUse:
    def test_by_keyboard_alone(self, browser, service):
        with console_page(browser, service) as page:
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "main"
            reached = []
            for _ in range(40):
                page.keyboard.press("Tab")
                reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.sort || document.activeElement.localName"))
                outline = page.evaluate("document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle")
                assert outline in (True, "solid"), reached
                if reached[-1] == "client_id":
                    page.keyboard.press("Enter")
                    expect(page.locator("#clients-table th[aria-sort=ascending]")).to_contain_text("Client")
                    # The table was made anew, and the focus is where it was.
                    assert page.evaluate("document.activeElement.dataset.sort") == "client_id"
                if reached[-1] == "token":
                    break
            assert {"summary", "find", "client_id", "expires_at", "last_token_at", "token"} <= set(reached)
            page.keyboard.insert_text(service.access_token())
            expect(page.locator("#verdict")).to_contain_text("Valid until")
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            expect(page.locator("#verdict")).to_be_empty()
            assert page.evaluate("document.activeElement.id") == "token"

    def test_in_light_and_dark(self, browser, service, tmp_path):
        grounds = []
        for scheme in ("light", "dark"):
            with console_page(browser, service, color_scheme=scheme) as page:
                inspect(page, flip_one_bit(service.access_token(), "payload"))
                texts = ["h1", "#issuer", "nav a", "#ready", ".tiles dt", ".tiles dd", "#keys-summary", ".legend", "#clients-table th button",
                         "#clients-table td", "#clients-table td small", "#clients-table .warn", "#verdict p", ".findings li", "footer", "button"]
                for selector in texts:
                    assert contrast(page, selector) >= 4.5, (scheme, selector)
                grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
                picture = tmp_path / f"{scheme}.png"
                page.screenshot(path=picture, full_page=True)
                assert picture.stat().st_size > 20_000
        assert grounds[0] != grounds[1]

    def test_on_a_phone(self, browser, service, tmp_path):
        with console_page(browser, service, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as page:
            inspect(page, service.access_token())
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            # Each cell has the name of its column, and clients can still be sorted.
            label = page.locator("#clients-table td").nth(1).evaluate("cell => getComputedStyle(cell, '::before').content")
            assert label == '"Expires"'
            page.get_by_role("button", name="Last token").tap()
            expect(page.locator("#clients-table th[aria-sort=ascending]")).to_contain_text("Last token")
            page.screenshot(path=tmp_path / "phone.png", full_page=True)

    def test_with_less_motion(self, browser, service):
        """The numbers come as often, and are drawn every ten seconds."""
        with console_page(browser, service, reduced_motion="reduce") as page:
            count = "samples.length"
            drawn = page.locator("#plot-outcomes svg").inner_html()
            first = page.evaluate(count)
            wait_until("two more events have come", lambda: page.evaluate(count) >= first + 2)
            assert page.locator("#plot-outcomes svg").inner_html() == drawn

    def test_changes_come_by_themselves(self, browser, own_service):
        own_service.start(WRIT_CONSOLE="on")
        with console_page(browser, own_service) as page:
            own_service.writ("clients", "add", "another", "--scope", "a", "--resource", RESOURCE)
            expect(page.locator("#clients-table")).to_contain_text("another")
            own_service.writ("keys", "rotate")
            expect(page.locator("#keys-summary")).to_contain_text("takes over at")

    def test_through_a_restart(self, browser, own_service):
        own_service.start(WRIT_CONSOLE="on")
        with console_page(browser, own_service, ignored="net::ERR_") as page:
            own_service.access_token()
            expect(page.locator("#tile-total dd")).to_have_text("1")
            own_service.stop()
            expect(page.locator("#link")).to_have_text("no connection")
            own_service.start(WRIT_CONSOLE="on")
            expect(page.locator("#link")).to_have_text("live")
            expect(page.locator("#tile-total dd")).to_have_text("0")
            # The plots begin anew, with the new service's time.
            assert page.evaluate("samples.every((sample, index) => index === 0 || sample.time > samples[index - 1].time)")

    def test_with_ten_thousand_clients(self, browser, own_service):
        entries = "".join(
            f'  - {{client_id: "team-{number}", client_name: "Service {number}", scope: "a b", client_secrets: [{{hash: "sha256:{"A" * 43}"}}]}}\n'
            for number in range(10_000)
        )
        own_service.clients_file.write_text(own_service.clients_file.read_text() + entries)
        own_service.start(WRIT_CONSOLE="on")
        with console_page(browser, own_service) as page:
            expect(page.locator("#clients-range")).to_have_text("1 to 25 of 10,001")
            page.get_by_role("button", name="Next").click()
            expect(page.locator("#clients-range")).to_have_text("26 to 50 of 10,001")
            page.get_by_label("Find").fill("team-9999")
            expect(page.locator("#clients-range")).to_have_text("1 to 1 of 1 found, of 10,001")
            assert rows(page, "#clients-table")[0][0].startswith("team-9999")
            assert page.locator("#clients-table tr").count() == 2
        answer = requests.get(f"{own_service.management}/console/state.json", timeout=DEADLINE)
        assert len(answer.content) < 32_000


def test_the_service_says_where_it_is(own_service):
    own_service.start(WRIT_CONSOLE="on")
    own_service.wait_for_log(f"{own_service.management}/console")


def test_it_needs_the_management_listener(own_service):
    for command in (("serve",), ("config", "check")):
        result = own_service.writ(*command, status=1, environment={"WRIT_CONSOLE": "on", "WRIT_MANAGEMENT": "off"})
        assert_clear_error(result, "WRIT_CONSOLE: console needs the management listener, which is off")


def test_it_is_off_by_default(own_service):
    own_service.start()
    for path in ("/console", "/console/state.json", "/console/events"):
        assert requests.get(own_service.management + path, timeout=DEADLINE).status_code == 404
