"""The HTML report."""

import base64
import dataclasses
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from geometry.verdict import Outcome, State
from twin.report.content import make_content
from twin.report.html import html_report
from twin.report.palette import needs_action
from twin.report.pictures import Pictures
from twin.report.provenance import Provenance
from twin.report.words import LANGUAGES, Words
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]
VOID = {"meta", "link", "img", "input", "br", "rect", "line", "circle", "path"}


class Page(HTMLParser):
    """What a browser would see: attributes, ids, text, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        """Parse a page."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.requests: list[str] = []
        self.tags: dict[str, int] = {}
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it refers to."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            assert not name.startswith("on"), "no handler in markup"
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src") and value:
                (self.links if value.startswith("#") else self.requests).append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what is not style or script."""
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def page_of(result: CheckResult, lang: str, provenance_of: ProvenanceOf, pictures: Pictures | None = None) -> str:
    """Return the report as text."""
    words = Words(lang)
    content = make_content(result, provenance_of(result), words)
    return html_report(content, pictures or Pictures(), words).decode("utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["building", "refused_check", "empty_check"])
def test_one_sound_file_that_asks_for_nothing(
    name: str, lang: str, request: pytest.FixtureRequest, provenance_of: ProvenanceOf
) -> None:
    """Tags are balanced, ids are unique, inner links lead somewhere, nothing is fetched."""
    result: CheckResult = request.getfixturevalue(name)
    text = page_of(result, lang, provenance_of)
    page = Page(text)
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert all(request.startswith("data:") for request in page.requests)
    assert "url(" not in text
    assert "@import" not in text
    assert f'<html lang="{"zh-Hans" if lang == "zh" else "en"}">' in text
    assert "{" not in page.text


def test_the_policy_allows_exactly_our_script(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """A name that smuggled in a script could not run it."""
    text = page_of(building, "en", provenance_of)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text


def test_hostile_names_are_shown_not_run(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """The markup in a name is text for the browser."""
    text = page_of(building, "en", provenance_of)
    assert '<script>alert("x")' not in text
    assert '<script>alert("x")</script>' in Page(text).text


def test_every_element_has_a_row_and_every_failing_or_missing_one_a_card(
    building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """Rows link to the cards."""
    page = Page(page_of(building, "en", provenance_of))
    wanted = [element for element in building.elements if needs_action(element)]
    assert page.tags["article"] == len(wanted)
    assert sum(link.startswith("#card-") for link in page.links) == len(wanted)
    for element in building.elements:
        assert element.global_id in page.text


def test_numbers_have_uncertainty_limits_and_clause(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """What a card claims can be checked against the standard."""
    text = Page(page_of(building, "en", provenance_of)).text
    assert "+18.4 ± 2.5 mm" in text
    assert "±10.0 mm" in text
    assert "GB 50204-2015, 8.3.2" in text
    assert "not observable" in text
    assert re.search(r"Translation y\s*not observable", text)


def test_what_was_not_measured_limits_the_claims(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    left = sum(
        element.verdict is Outcome.NOT_MEASURED and needs_action(element) is False for element in building.elements
    )
    named = dataclasses.replace(provenance_of(building), parameters={"noise_m": 0.0012, "unheard_of": 1})
    for lang, wanted, noise in (
        (
            "en",
            f"{left} of {len(building.elements)} elements were not measured: nothing is claimed of them.",
            "Noise of",
        ),
        ("zh", f"{len(building.elements)} 个构件中有 {left} 个未测量", "实测扫描噪声"),
    ):
        content = make_content(building, named, Words(lang))
        assert wanted in content.notes[0]
        assert content.parameters[0][0].startswith(noise)
        page = html_report(content, Pictures(), Words(lang)).decode()
        assert content.notes[0] in Page(page).text
        assert Words(lang)("glossary.one_source") in page


def test_chinese_report_is_chinese(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Machine words are translated; the counts are the same."""
    text = Page(page_of(building, "zh", provenance_of)).text
    assert "28 个构件中有 7 个不合格" in text
    assert "不可观测" in text
    assert "条激光射线穿过其应在的位置" in text
    assert "Missing" not in text


def test_a_refused_registration_says_why_shows_rivals_and_what_to_do(
    refused_check: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """No table of elements that were never judged."""
    page = Page(page_of(refused_check, "en", provenance_of))
    assert "could not be registered" in page.text
    assert "Two or more positions explain the scan" in page.text
    assert "92 %" in page.text
    assert "--register" in page.text
    assert not {"elements", "glossary"} & set(page.ids)
    assert "article" not in page.tags


@pytest.mark.parametrize(("lang", "wanted"), [("en", "None of the 28 elements"), ("zh", "28 个构件均未能判定")])
def test_nothing_judged_is_not_called_free_of_faults(
    lang: str, wanted: str, building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """Zeros are left out of the sentence below."""
    unseen = tuple(
        dataclasses.replace(e, state=State.UNSEEN, verdict=Outcome.NOT_MEASURED, measurements=())
        for e in building.elements
    )
    result = dataclasses.replace(building, elements=unseen)
    content = make_content(result, provenance_of(building), Words(lang))
    assert content.headline.startswith(wanted)
    assert "28" in content.sentence
    assert "0" not in content.sentence


def test_thousands_of_elements_stay_small_and_the_limit_is_stated(
    many: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """3,000 rows, 100 cards, and a sentence that says so."""
    text = page_of(many, "en", provenance_of)
    page = Page(text)
    assert page.tags["article"] == 100
    assert "Cards are shown for 100 of 1000" in page.text
    assert page.tags["tr"] > 3000
    assert len(text) < 5e6


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (apt-get install chromium)")
def test_in_a_browser_the_table_filters_sorts_and_pages(
    many: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """Driven by an added script, for which this copy drops the policy."""
    drive = """
      const shown = () => [...document.querySelectorAll('.elements tbody tr')].filter((row) => !row.hidden);
      const log = [shown().length];
      const table = document.querySelector('.elements');
      log.push(table.scrollWidth <= table.clientWidth && document.documentElement.scrollWidth <= innerWidth);
      document.querySelector('#more').click(); log.push(shown().length);
      const storey = document.querySelector('[data-filter=storey]');
      storey.value = 'L2'; storey.dispatchEvent(new Event('change')); log.push(shown().length);
      log.push(shown().every((row) => row.dataset.storey === 'L2'));
      const search = document.querySelector('#search');
      search.value = 'c1234'; search.dispatchEvent(new Event('input')); log.push(shown().length);
      document.querySelector('#reset').click();
      const header = document.querySelectorAll('.elements th')[7];
      header.querySelector('button').click();
      const used = shown().map((row) => Number(row.cells[7].dataset.value));
      log.push(header.getAttribute('aria-sort'), used.every((value, i) => i === 0 || used[i - 1] >= value));
      header.querySelector('button').click();
      log.push(header.getAttribute('aria-sort'));
      document.querySelector('[data-show=fail]').click();
      log.push(shown().every((row) => row.dataset.mark === 'fail'), document.querySelector('#shown').textContent);
      const cards = () => [...document.querySelectorAll('.card')].filter((card) => !card.hidden).length;
      log.push(cards());
      location.hash = '#card-77'; window.dispatchEvent(new Event('hashchange')); log.push(cards());
      document.body.innerHTML = '<pre>LOG ' + log.join('|') + ' END</pre>';
    """
    text = page_of(many, "en", provenance_of)
    text = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", text)
    path = tmp_path / "report.html"
    path.write_text(text.replace("</body>", f"<script>{drive}</script></body>"), "utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"]
    command += [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1100,800",
    ]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"LOG (.*) END", out)
    assert found is not None
    first = "50|true|100|50|true|1|descending|true|ascending|true"
    assert found.group(1) == f"{first}|50 of 3000 elements shown|20|100"
