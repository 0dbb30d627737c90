"""A BCF file of another tool: its view, what was said, and what people make of what waits for a decision."""

import io
import zipfile
from typing import Any

from tests.api.web.site import Site as People
from tests.viewer.conftest import Site
from tests.viewer.pages import sign_in
from tests.viewer.test_review import complaints

VERSION = '<?xml version="1.0" encoding="UTF-8"?><Version VersionId="3.0"/>'
WORDS = (
    "<Extensions><TopicTypes><TopicType>Issue</TopicType></TopicTypes><TopicStatuses><TopicStatus>Open</TopicStatus>"
    "</TopicStatuses><Users><User>lee@architects.example</User></Users></Extensions>"
)
TOPIC = """<Markup><Topic Guid="{guid}" TopicType="Issue" TopicStatus="Open"><Title>{title}</Title>
<CreationDate>2026-11-20T10:00:00Z</CreationDate><CreationAuthor>lee@architects.example</CreationAuthor>
<Description>Please look at it.</Description>
<Comments><Comment Guid="1{rest}"><Date>2026-11-20T10:05:00Z</Date><Author>lee@architects.example</Author>
<Comment>Too near to the stair</Comment><Viewpoint Guid="2{rest}"/></Comment></Comments>
<Viewpoints><ViewPoint Guid="2{rest}"><Viewpoint>viewpoint.bcfv</Viewpoint></ViewPoint></Viewpoints></Topic></Markup>"""
VIEW = """<VisualizationInfo Guid="2{rest}"><Components><Selection><Component IfcGuid="{element}"/></Selection>
<Visibility DefaultVisibility="true"><Exceptions/></Visibility></Components>
<PerspectiveCamera><CameraViewPoint><X>-6</X><Y>-8</Y><Z>6</Z></CameraViewPoint>
<CameraDirection><X>0.6</X><Y>0.8</Y><Z>0</Z></CameraDirection><CameraUpVector><X>0</X><Y>0</Y><Z>1</Z></CameraUpVector>
<FieldOfView>50</FieldOfView><AspectRatio>1.5</AspectRatio></PerspectiveCamera></VisualizationInfo>"""


def made_elsewhere(titles: dict[str, str], element: str) -> bytes:
    """Return a BCF 3.0 file by the specification, of topics by the first digit of their guids."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bcf.version", VERSION)
        archive.writestr("extensions.xml", WORDS)
        for digit, title in titles.items():
            rest = f"{digit * 7}-1111-4222-8333-444455556666"
            guid = f"6{rest}"
            archive.writestr(f"{guid}/markup.bcf", TOPIC.format(guid=guid, rest=rest, title=title))
            archive.writestr(f"{guid}/viewpoint.bcfv", VIEW.format(rest=rest, element=element))
    return out.getvalue()


def opened(page: Any, title: str) -> None:
    page.click(f".dock .line:has-text('{title}')")
    page.wait_for_selector(".dock .talk:has-text('Too near to the stair')")


def test_what_came_in_a_file_is_shown_talked_about_and_decided(site: Site) -> None:
    people = People(site.world, site.project, "", "", {"olga": site.world.administrator()})
    site.world.person("vera", name="Vera Sun")
    organisation = people.get("olga", "/members")["items"][0]["organisation"]
    people.post("olga", "/members", {"login": "vera", "organisation": organisation, "role": "viewer", "capacities": []})
    page = site.inside()
    said = complaints(page)
    page.click(".tasks button:has-text('BCF')")
    content = made_elsewhere({"a": "Column in the way", "b": "Of the old model"}, site.made.global_ids[3])
    file = {"name": "a.bcf", "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files(".dock input[type=file]", files=[file])
    page.wait_for_selector(".dock [role=status] li:has-text('Column in the way: waits for a decision')")

    opened(page, "Column in the way")
    page.click(".viewpoint")
    page.wait_for_selector(f".detail .id:has-text('{site.made.global_ids[3]}')")
    page.get_by_label("Write a comment").fill("Seen, it is so")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector(".dock .talk:has-text('Seen, it is so')")

    looking = site.page()
    sign_in(looking, site.url, "vera")
    looking.goto(f"{site.url}/projects/{site.project}")
    looking.wait_for_selector("canvas[data-phase=ready]")
    looking.click(".tasks button:has-text('BCF')")
    opened(looking, "Column in the way")
    looking.get_by_text("Nobody has decided about it yet. Who may: owner, quality manager, inspector").wait_for()
    assert looking.locator(".dock").get_by_text("What becomes of it").count() == 0
    site.leave(looking)

    page.click(".dock summary:has-text('What becomes of it')")
    page.locator(".dock").get_by_label("Severity").select_option("major")
    page.get_by_role("button", name="Make a nonconformance of it").click()
    card = page.locator("dialog.card")
    card.locator("strong", has_text="Column in the way").wait_for()
    card.get_by_role("button", name="Close").click()
    (line,) = people.get("olga", "/ncrs")["items"]
    assert (line["title"], line["severity"], line["state"]) == ("Column in the way", "major", "draft")
    page.locator(".dock").get_by_role("button", name="Show the record").click()
    card.locator("strong", has_text="Column in the way").wait_for()
    card.get_by_role("button", name="Close").click()

    content = made_elsewhere({"a": "Column in the way"}, site.made.global_ids[3])
    page.set_input_files(".dock input[type=file]", files=[{**file, "name": "again.bcf", "buffer": content}])
    received = page.locator(".dock [role=status] li", has_text="Column in the way: kept beside the record")
    received.get_by_role("button", name="Show the record").click()  # it has no line of its own in the list
    card.locator("strong", has_text="Column in the way").wait_for()
    card.get_by_role("button", name="Close").click()

    opened(page, "Of the old model")
    page.click(".dock summary:has-text('What becomes of it')")
    page.locator(".dock").get_by_label("Reason").fill("the column was moved in revision 4")
    page.locator(".dock").get_by_role("button", name="Dismiss").click()
    page.locator(".dock .line", has_text="Of the old model").wait_for(state="detached")
    assert said == []
    site.leave(page)
