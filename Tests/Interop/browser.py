"""The console in Debian's browser, with a record of everything that a page does."""

import json
from contextlib import contextmanager

import requests
from playwright.sync_api import expect, sync_playwright

from peers import find
from service import DEADLINE

# Recorded before the page's own script runs.
WATCH_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@contextmanager
def running_browser():
    expect.set_options(timeout=DEADLINE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def console_page(browser, service, path="/console", ignored=None, **options):
    """An open console. In the end nothing has been asked of another server, and the browser has had nothing to complain of,
    but for what contains the text that is ignored.
    """
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(DEADLINE * 1000)
    page = context.new_page()
    complaints, urls = [], []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    context.on("request", lambda request: urls.append((request.method, request.url)))
    page.add_init_script(WATCH_VIOLATIONS)
    page.goto(service.management + path)
    expect(page.locator("#link")).to_have_text("live")
    expect(page.locator("#issuer")).to_have_text(service.issuer)
    yield page
    violations = page.evaluate("window.violations")
    context.close()
    assert [text for text in complaints if ignored is None or ignored not in text] == []
    assert violations == []
    own = (f"{service.management}/console", "data:")
    assert [url for url in urls if url[0] != "GET" or not url[1].startswith(own)] == []
    assert len(urls) > 2


def rows(page, place):
    """The texts of a table, row by row."""
    return page.locator(f"{place} tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )


def inspect(page, token):
    """The verdict on a token, and all findings."""
    page.locator("#token").fill("")
    expect(page.locator("#verdict")).to_be_empty()
    page.locator("#token").fill(token)
    expect(page.locator("#verdict p")).to_be_visible()
    return page.locator("#verdict").inner_text(), page.locator(".findings li").all_inner_texts()


def contrast(page, selector):
    """The contrast of a text with what is behind it, WCAG 2.2 section 1.4.3."""
    colors = page.locator(selector).first.evaluate("""node => {
        const parse = (text) => text.match(/[\\d.]+/g).map(Number);
        let back = node;
        while (back && (parse(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
        return [parse(getComputedStyle(node).color), parse(getComputedStyle(back).backgroundColor)];
    }""")

    def luminance(color):
        parts = [value / 255 for value in color[:3]]
        parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted(map(luminance, colors), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def state(service, **query):
    answer = requests.get(f"{service.management}/console/state.json", params=query, timeout=DEADLINE)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)
