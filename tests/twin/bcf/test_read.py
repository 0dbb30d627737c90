"""Files of other tools: what can be used is kept, what cannot is named, what is made to do harm is refused."""

import contextlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.bcf.values_of_all import BLOBS, NOW, PNG, SLAB, WALL, everything, png
from twin.bcf.guid import derived
from twin.bcf.read import Reading, read_bcf
from twin.bcf.values import Component, Vector, Visibility
from twin.bcf.write import bcf_file
from twin.bcf.zip_read import Limits
from twin.errors import Invalid

TOPIC = "5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958"
VIEW = "6f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958"
VERSION = b'<Version VersionId="2.1"/>'


def markup(inside: str = "", *, attributes: str = f'Guid="{TOPIC}"', after: str = "", title: str = "Leak") -> bytes:
    return (
        f"<Markup><Topic {attributes}><Title>{title}</Title><CreationDate>2026-01-31T08:00:00Z</CreationDate>"
        f"<CreationAuthor>ann</CreationAuthor>{inside}</Topic>{after}</Markup>"
    ).encode()


def zipped(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(parts: Mapping[str, bytes], limits: Limits | None = None) -> Reading:
    return read_bcf(zipped({"bcf.version": VERSION, **parts}), limits)


def view_listed(snapshot: str = "") -> str:
    return f'<Viewpoints Guid="{VIEW}"><Viewpoint>viewpoint.bcfv</Viewpoint>{snapshot}</Viewpoints>'


CAMERA = (
    "<PerspectiveCamera><CameraViewPoint><X>{x}</X><Y>0</Y><Z>0</Z></CameraViewPoint>"
    "<CameraDirection><X>1</X><Y>0</Y><Z>0</Z></CameraDirection>"
    "<CameraUpVector><X>0</X><Y>0</Y><Z>1</Z></CameraUpVector><FieldOfView>{fov}</FieldOfView></PerspectiveCamera>"
)


def view_of(inside: str) -> Reading:
    body = f'<VisualizationInfo Guid="{VIEW}">{inside}</VisualizationInfo>'.encode()
    return read({f"{TOPIC}/markup.bcf": markup(after=view_listed()), f"{TOPIC}/viewpoint.bcfv": body})


# --- each topic for itself


def test_a_broken_topic_does_not_take_the_others_with_it() -> None:
    others = {
        f"{derived('t', str(n))}/markup.bcf": markup(attributes=f'Guid="{derived("t", str(n))}"') for n in range(3)
    }
    broken = {"a/markup.bcf": b"<Markup><Topic", "b/markup.bcf": b"<Markup/>", "c/markup.bcf": b"\0\0"}
    found = read({**others, **broken})
    assert len(found.archive.topics) == 3
    failed = {report.folder: report.problems[-1] for report in found.reports if not report.taken}
    assert failed.keys() == {"a", "b", "c"}
    assert "no XML" in failed["a"]
    assert "no Topic" in failed["b"]


def test_a_topic_without_viewpoint_is_a_topic() -> None:
    [topic] = read({f"{TOPIC}/markup.bcf": markup()}).archive.topics
    assert topic.guid == TOPIC
    assert topic.viewpoints == ()


def test_the_same_guid_twice_is_taken_once() -> None:
    found = read({"a/markup.bcf": markup(title="First"), "b/markup.bcf": markup(title="Second")})
    assert [topic.title for topic in found.archive.topics] == ["First"]
    assert "same guid" in found.reports[1].problems[-1]


@pytest.mark.parametrize(
    "names", [("Markup.bcf", "Viewpoint.BCFV", "Snapshot.PNG"), ("MARKUP.BCF", "VIEWPOINT.bcfv", "snapshot.png")]
)
def test_wrong_case_and_backslashes_are_forgiven(names: tuple[str, str, str]) -> None:
    listed = view_listed("<Snapshot>snapshot.png</Snapshot>")
    body = f'<VisualizationInfo Guid="{VIEW}">{CAMERA.format(x="7", fov="60")}</VisualizationInfo>'.encode()
    contents = (markup(after=listed), body, PNG)
    found = read({f"{TOPIC.upper()}\\{name}": content for name, content in zip(names, contents, strict=True)})
    [view] = found.archive.topics[0].viewpoints
    assert view.camera is not None
    assert view.camera.position.x == 7
    assert view.snapshot is not None
    assert found.reports[0].problems == ()


def test_views_that_are_not_listed_are_found_by_their_names() -> None:
    body = f'<VisualizationInfo Guid="{VIEW}">{CAMERA.format(x="7", fov="60")}</VisualizationInfo>'.encode()
    found = read({f"{TOPIC}/markup.bcf": markup(), f"{TOPIC}/viewpoint.bcfv": body, f"{TOPIC}/snapshot.png": PNG})
    [view] = found.archive.topics[0].viewpoints
    assert view.guid == VIEW
    assert view.snapshot is not None


def test_what_is_listed_and_not_there_is_named() -> None:
    listed = view_listed("<Snapshot>snapshot.png</Snapshot>")
    found = read({f"{TOPIC}/markup.bcf": markup(after=listed)})
    problems = " ".join(found.reports[0].problems)
    assert "viewpoint.bcfv is left out" in problems
    assert "the snapshot is left out" in problems
    assert found.archive.topics[0].viewpoints[0].camera is None


@pytest.mark.parametrize("given", ["topic 7", "", "7", "{not-a-guid}"])
def test_guids_that_are_none_become_the_same_one_each_time(given: str) -> None:
    parts = {"folder x/markup.bcf": markup(attributes=f'Guid="{given}"')}
    first, second = read(parts), read(parts)
    assert first.archive.topics == second.archive.topics
    assert "is no guid of a topic" in " ".join(first.reports[0].problems)


def test_guids_in_braces_and_capitals_are_the_same() -> None:
    [topic] = read({"x/markup.bcf": markup(attributes=f'Guid="{{{TOPIC.upper()}}}"')}).archive.topics
    assert topic.guid == TOPIC


def test_comments_numbered_in_each_topic_are_not_mixed_up() -> None:
    said = '<Comment Guid="1"><Date>2026-01-01T00:00:00Z</Date><Author>a</Author><Comment>x</Comment></Comment>'
    other = derived("t", "2")
    found = read({"a/markup.bcf": markup(after=said), "b/markup.bcf": markup(attributes=f'Guid="{other}"', after=said)})
    guids = {comment.guid for topic in found.archive.topics for comment in topic.comments}
    assert len(guids) == 2


def test_components_without_an_ifc_guid_keep_the_tools_own_name() -> None:
    inside = (
        '<Components><Selection><Component IfcGuid="wall 7"/>'
        '<Component IfcGuid="00000000-0000-0000-0000-000000000041"/>'
        f'<Component IfcGuid="{WALL}"/></Selection><Visibility DefaultVisibility="true"/></Components>'
    )
    found = view_of(inside)
    view = found.archive.topics[0].viewpoints[0]
    assert view.selection == (Component("", "", "wall 7"), Component("0000000000000000000011"), Component(WALL))
    assert view.global_ids == ("0000000000000000000011", WALL)
    assert "'wall 7' has no IFC GlobalId" in " ".join(found.reports[0].problems)


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2016-04-28T16:31:12.270+02:00", datetime(2016, 4, 28, 14, 31, 12, 270_000, UTC)),
        ("2016-04-28T16:31:12+0200", datetime(2016, 4, 28, 14, 31, 12, 0, UTC)),
        ("2016-04-28T16:31:12", datetime(2016, 4, 28, 16, 31, 12, 0, UTC)),
        ("2016-04-28T16:31:12.4091234Z", datetime(2016, 4, 28, 16, 31, 12, 409_123, UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_dates_of_all_tools(word: str, moment: datetime | None) -> None:
    found = read({f"{TOPIC}/markup.bcf": markup(f"<DueDate>{word}</DueDate>")})
    assert found.archive.topics[0].due_date == moment
    assert bool(found.reports[0].problems) == (moment is None)


@pytest.mark.parametrize("x", ["367012.123456", "5432100654.321e-3", "-4000000", "1e6", "999999999", "1e-999999999"])
def test_coordinates_of_millions_of_metres(x: str) -> None:
    view = view_of(CAMERA.format(x=x, fov="60")).archive.topics[0].viewpoints[0]
    assert view.camera is not None
    assert view.camera.position.x == round(Decimal(x), 12)


@pytest.mark.parametrize("x", ["NaN", "INF", "1e400", "1e999999999", "-1e999999999", "abc", "", "9" * 100, "1e12"])
def test_coordinates_that_are_no_place_leave_the_camera_out(x: str) -> None:
    found = view_of(CAMERA.format(x=x, fov="60"))
    assert found.archive.topics[0].viewpoints[0].camera is None
    assert "the camera is left out" in " ".join(found.reports[0].problems)


def test_an_orthogonal_camera_is_orthogonal() -> None:
    inside = CAMERA.format(x="1", fov="12.5").replace("PerspectiveCamera", "OrthogonalCamera")
    camera = view_of(inside.replace("FieldOfView", "ViewToWorldScale")).archive.topics[0].viewpoints[0].camera
    assert camera is not None
    assert (camera.view_height, camera.field_of_view_deg) == (Decimal("12.5"), None)


def test_2_0_says_of_each_component_what_it_is() -> None:
    inside = (
        f'<Components><Component IfcGuid="{WALL}" Selected="true" Visible="true" Color="ff0000"/>'
        f'<Component IfcGuid="{SLAB}" Visible="false"/></Components>'
    )
    view = view_of(inside).archive.topics[0].viewpoints[0]
    assert view.selection == (Component(WALL),)
    assert view.visibility == Visibility(True, (Component(SLAB),))
    assert [(c.color, c.components) for c in view.coloring] == [("FF0000", (Component(WALL),))]


def test_documents_of_2_1_are_found_by_their_place() -> None:
    inside = (
        f'<DocumentReference Guid="{VIEW}" isExternal="false"><ReferencedDocument>../Plan.pdf</ReferencedDocument>'
        '</DocumentReference><DocumentReference isExternal="true"><ReferencedDocument>http://x.org/a</ReferencedDocument>'
        "</DocumentReference>"
    )
    found = read({f"{TOPIC}/markup.bcf": markup(inside), "Plan.pdf": b"%PDF"})
    [topic], [document] = found.archive.topics, found.archive.documents
    assert [(r.document, r.url) for r in topic.documents] == [(document.guid, ""), ("", "http://x.org/a")]
    assert (document.filename, found.blobs[document.content.sha256]) == ("Plan.pdf", b"%PDF")


def test_an_unknown_version_is_read_as_far_as_it_is_known() -> None:
    found = read_bcf(zipped({"bcf.version": b'<Version VersionId="9.9"/>', f"{TOPIC}/markup.bcf": markup()}))
    assert len(found.archive.topics) == 1
    assert "9.9" in found.problems[0]
    without = read_bcf(zipped({f"{TOPIC}/markup.bcf": markup()}))
    assert without.archive.version == "2.1"
    assert without.problems


# --- pictures


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a", "neither a PNG nor a JPEG"),
        (b"", "neither"),
        (b"<svg/>", "neither"),
        (png(100_000, 100_000), "pixels"),
        (PNG + b"x" * 5000, "bytes"),
    ],
)
def test_pictures_that_are_none_or_too_large_are_left_out_and_the_topic_stays(content: bytes, said: str) -> None:
    listed = view_listed("<Snapshot>snapshot.png</Snapshot>")
    body = f'<VisualizationInfo Guid="{VIEW}">{CAMERA.format(x="1", fov="60")}</VisualizationInfo>'.encode()
    parts = {
        f"{TOPIC}/markup.bcf": markup(after=listed), f"{TOPIC}/viewpoint.bcfv": body, f"{TOPIC}/snapshot.png": content,
    }  # fmt: skip
    found = read(parts, Limits(file_bytes=4096))
    [view] = found.archive.topics[0].viewpoints
    assert view.snapshot is None
    assert view.camera is not None
    assert said in " ".join(found.reports[0].problems)


# --- harm


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "..\\..\\evil", "C:\\evil", "a/b:stream"])
def test_paths_that_lead_outside_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match="leads outside"):
        read({f"{TOPIC}/markup.bcf": markup(), name: b"x"})


def test_links_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo(f"{TOPIC}/markup.bcf")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Invalid, match="link"):
        read_bcf(out.getvalue())


def test_a_name_in_the_markup_reads_nothing_outside_the_archive() -> None:
    for place in ("../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd"):
        listed = f'<Viewpoints Guid="{VIEW}"><Viewpoint>{place}</Viewpoint><Snapshot>{place}</Snapshot></Viewpoints>'
        found = read({f"{TOPIC}/markup.bcf": markup(after=listed)})
        assert "is not in the file" in " ".join(found.reports[0].problems)
        assert found.blobs == {}


def test_zip_bombs_are_refused_by_their_ratio_and_by_their_size() -> None:
    with pytest.raises(Invalid, match="unpacks to"):
        read({f"{TOPIC}/markup.bcf": markup(), "zeros": b"\0" * (8 << 20)})
    small = Limits(unpacked_bytes=1000)
    with pytest.raises(Invalid, match="unpacks to"):
        read({f"{TOPIC}/markup.bcf": markup(), "a": b"x" * 2000}, small)
    with pytest.raises(Invalid, match="parts"):
        read({f"{n}/markup.bcf": markup() for n in range(20)}, Limits(entries=10))
    with pytest.raises(Invalid, match="20 topics"):
        read({f"{n}/markup.bcf": markup() for n in range(20)}, Limits(topics=10))


def test_a_part_that_lies_about_its_size_is_not_read_past_it() -> None:
    content = bytearray(zipped({f"{TOPIC}/markup.bcf": markup(), "bcf.version": VERSION}))
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")  # the directory says: 10 bytes
    found = read_bcf(bytes(content))
    assert found.archive.topics == ()
    assert "damaged" in found.reports[0].problems[-1] or "more comes out" in found.reports[0].problems[-1]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "http://example.com/evil.dtd">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://example.com/p"> %p;]>',
    ],
)
def test_entities_are_refused(attack: str) -> None:
    body = markup(title="&amp;x").decode()
    found = read({f"{TOPIC}/markup.bcf": (attack + body).encode()})
    assert found.archive.topics == ()
    assert "DOCTYPE" in found.reports[0].problems[-1]


def test_endless_nesting_is_refused() -> None:
    found = read({f"{TOPIC}/markup.bcf": b"<a>" * 5000 + b"</a>" * 5000})
    assert "nests" in found.reports[0].problems[-1]


def test_text_without_end_is_cut() -> None:
    found = read({f"{TOPIC}/markup.bcf": markup(f"<Description>{'x' * 5000}</Description>")}, Limits(text=100))
    assert len(found.archive.topics[0].description) == 100
    assert "is cut" in " ".join(found.reports[0].problems)


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.7", b"PK\x05\x06" + b"\0" * 18, zipped({"a.txt": b"x"})])
def test_what_is_no_bcf_file_is_said_so(content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        read_bcf(content)
    assert "\n" not in str(caught.value)


def test_an_encrypted_file_is_said_so() -> None:
    content = bytearray(zipped({f"{TOPIC}/markup.bcf": markup()}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Invalid, match="encrypted"):
        read_bcf(bytes(content))


WHOLE = bcf_file(everything("3.0"), BLOBS, timestamp=NOW)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), cut=st.booleans())
def test_any_damage_is_one_line_or_a_reading(place: int, value: int, cut: bool) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] = value
    with contextlib.suppress(Invalid):  # anything else fails the test
        found = read_bcf(bytes(damaged[:place] if cut else damaged))
        assert len(found.reports) <= 2


def test_the_same_file_reads_the_same() -> None:
    assert read_bcf(WHOLE).archive == read_bcf(WHOLE).archive
    assert Vector(Decimal("1.0"), Decimal("-0"), Decimal("1E+1")) == Vector(Decimal(1), Decimal(0), Decimal(10))
