"""Nonconformance records by REST: the whole life of one, every guard that can be reached, who may what."""

import pytest

from tests.api.web.site import Site, draft_of, make_site
from tests.api.web.world import World


@pytest.fixture
def site(world: World) -> Site:
    return make_site(world)


def test_a_draft_gets_its_number_once_and_tells_what_it_lacks(site: Site) -> None:
    ncr = draft_of(site, evidence=[])
    read = site.get("ines", ncr)
    assert (read["record"]["state"], read["record"]["number"]) == ("draft", "")
    assert {"event": "open", "missing": ["evidence"]} in read["events"]
    assert site.refused("ines", ncr, "open") == ["evidence"]
    site.do("ines", ncr, "evidence", site.picture("ines"))
    assert site.do("ines", ncr, "open")["record"]["number"] == "TOWER-NCR-0001"
    other = draft_of(site)
    assert site.do("ines", other, "open")["record"]["number"] == "TOWER-NCR-0002"
    again = site.try_("ines", other, "open")
    assert (again.status_code, again.json()["type"]) == (409, "urn:qtems:problem:illegal-transition")
    third = draft_of(site)
    assert site.do("ines", third, "open")["record"]["number"] == "TOWER-NCR-0003"
    assert [p["number"] for p in site.events("ncr.opened")] == [f"TOWER-NCR-000{n}" for n in (1, 2, 3)]
