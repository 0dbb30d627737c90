"""Records as PDF: what an auditor reads stands in it, in both languages, with the signatures in words."""

import io

import pytest
from pypdf import PdfReader

from tests.api.web.site import ELEMENT, REWORK, Site, copied_site, draft_of, under_review
from tests.api.web.test_capas import PROBLEM, analysis, capa_of
from tests.api.web.world import World


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#3b6e8f").save(out, "JPEG")
    return out.getvalue()


def pages_of(site: Site, who: str, path: str, query: str = "format=pdf", **headers: str) -> PdfReader:
    answer = site.awake(who).get(f"{site.root}{path}/export?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.content))


def text_of(reader: PdfReader) -> str:
    """Return all text without the blanks that setting it in lines adds or takes."""
    return "".join("".join(page.extract_text() for page in reader.pages).split())


def pictures_in(reader: PdfReader) -> int:
    return sum(len(page.images) for page in reader.pages)


def signed_ncr(site: Site) -> str:
    ncr = draft_of(site, evidence=[site.picture("ines", picture()), site.picture("ines", b"no picture at all")])
    under_review(site, ncr)
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT]}]})
    site.sign("quinn", ncr)
    return ncr


def test_a_nonconformance_is_whole_on_paper(site: Site) -> None:
    ncr = signed_ncr(site)
    record = site.get("quinn", f"{ncr}/export")
    reader = pages_of(site, "quinn", ncr)
    text = text_of(reader)
    (signature,) = record["signatures"]
    signed_at = signature["signed_at"][:19].replace("T", "")
    for said in (
        "Nonconformancereport", "TOWER-NCR-0001", "Column1is25mmoffitsaxis", "Underreview", ELEMENT,
        "Axisposition", "GB50204-2015,8.3.2", "±8mm", "25.1±2.4mm", "k=2", "taggedinplace", "columnsofthecrew",
        "Rework:1element", "moveitback", "WI-7", "Quinn", "qualitymanager", "approval", signed_at + "UTC", "holds",
        "21CFR11.50", "Audittrail", record["record_sha256"], record["head"][:12], "dispositionproposed",
    ):  # fmt: skip
        assert said in text.replace("\u200b", ""), said
    assert pictures_in(reader) == 1
    assert "cannotbeshownhere" in text, "evidence that is no picture is named, never left out"
    assert str(reader.metadata.title if reader.metadata else "").startswith("TOWER-NCR-0001")


def test_the_same_in_chinese_by_choice_by_account_and_by_project(site: Site) -> None:
    ncr = signed_ncr(site)
    chosen = text_of(pages_of(site, "quinn", ncr, "format=pdf&language=zh"))
    for said in (
        "不符合项报告",
        "评审中",
        "轴线位置",
        "原位标识",
        "返工：1",
        "质量经理",
        "批准",
        "有效",
        "审计追踪",
        "提出处置方案",
    ):
        assert said in chosen, said
    quinn = site.awake("quinn")
    version = quinn.get("/auth/me").json()["user"]["version"]
    assert quinn.change("PATCH", "/auth/me", version, {"language": "zh"}).status_code == 200
    assert "不符合项报告" in text_of(pages_of(site, "quinn", ncr))
    assert "Nonconformancereport" in text_of(pages_of(site, "quinn", ncr, "format=pdf&language=en"))


def test_json_stays_the_answer_to_who_does_not_ask_for_paper(site: Site) -> None:
    ncr = draft_of(site)
    browser, address = site.awake("quinn"), f"{site.root}{ncr}/export"
    assert browser.get(address).json()["kind"] == "ncr"
    assert browser.get(address, headers={"Accept": "application/pdf"}).headers["content-type"] == "application/pdf"
    chosen = browser.get(address + "?format=json", headers={"Accept": "application/pdf"})
    assert chosen.json()["kind"] == "ncr"
    assert browser.get(address + "?format=docx").status_code == 422
    assert browser.get(address + "?format=pdf&language=fr").status_code == 422
    assert site.awake("sue").get(address + "?format=pdf").status_code == 403, "exports are for the inside"


def test_what_no_longer_holds_is_said_to_hold_no_longer(site: Site) -> None:
    ncr = signed_ncr(site)
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "instruction": "WI-8", "global_ids": [ELEMENT]}]})
    assert "nolongercoverstherecord" in text_of(pages_of(site, "quinn", ncr))


def test_a_capa_is_an_8d_report_with_whys_and_diagram(site: Site) -> None:
    ncr = draft_of(site)
    site.do("ines", ncr, "open")
    capa = capa_of(site, ncr)
    given = analysis(site)
    assert isinstance(given, dict)
    causes = [
        {"id": "m1", "category": "machine", "text": "crane hit the brace", "votes": 7},
        {"id": "m2", "category": "machine", "text": "wind", "parent": "m1"},
    ]
    given["analysis"]["fishbone"] = {"problem": "columns off", "categories": ["man", "machine"], "causes": causes}
    site.do("quinn", capa, "team", {"team": {"champion": site.ids["olga"], "leader": site.ids["carl"]}})
    site.do("quinn", capa, "problem", {"problem": PROBLEM, "emergency": "next pour stopped"})
    site.do("quinn", capa, "investigate")
    site.do("quinn", capa, "analysis", given)
    text = text_of(pages_of(site, "quinn", capa))
    for said in (
        "8Dreport", "TOWER-CAPA-0001", "D0Planandemergencyresponse", "D8Effect", "Olga", "Carl", "TOWER-NCR-0001",
        "Causeandeffect", "cranehitthebrace", "(7votes)", "Machine", "Fivewhys", "whyoccurrence", "rootcause",
        "Whydidithappen?", "FORMWORK", "nextpourstopped", "beamsdonotfit",
    ):  # fmt: skip
        assert said in text, said
    chinese = text_of(pages_of(site, "quinn", capa, "format=pdf&language=zh"))
    for said in (
        "8D报告",
        "D4根本原因与流出原因",
        "因果图（鱼骨图）",
        "五个为什么",
        "为什么会发生？",
        "根本原因",
        "已验证",
    ):
        assert said in chinese, said


def test_it_is_described(site: Site) -> None:
    document = site.world.browser().get("/openapi.json").json()
    for noun in ("ncrs/{ncr}", "capas/{capa}"):
        answers = document["paths"][f"/api/v1/projects/{{project}}/{noun}/export"]["get"]["responses"]["200"]["content"]
        assert set(answers) == {"application/json", "application/pdf"}
