"""Views kept by name: whose they are, who sees them, who may take them back."""

import pytest

from tests.api.web.site import Site, copied_site
from tests.api.web.world import World

PLACE = "colour=verdict&cam=20,-25,18,4,3,1.5&hide=2O2Fr$t4X7Zf8NOew3FLOH"


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def test_a_view_is_ones_own_until_it_is_shared_and_taken_back_by_who_kept_it(site: Site) -> None:
    own = site.post("ines", "/views", {"name": "Columns", "place": PLACE})
    assert (own["place"], own["mine"], own["shared"]) == (PLACE, True, False)
    shared = site.post("ines", "/views", {"name": "Façade 立面", "place": "", "shared": True})
    seen = {who: [one["name"] for one in site.get(who, "/views")["items"]] for who in ("ines", "carl", "vera")}
    assert seen == {"ines": ["Columns", "Façade 立面"], "carl": ["Façade 立面"], "vera": ["Façade 立面"]}
    carl, ines = site.browsers["carl"], site.browsers["ines"]
    assert carl.change("DELETE", f"{site.root}/views/{own['id']}", 1).status_code == 404, "as if it were not there"
    refused = carl.change("DELETE", f"{site.root}/views/{shared['id']}", 1)
    assert refused.status_code == 409
    assert "may take it back" in refused.json()["detail"]
    assert ines.change("DELETE", f"{site.root}/views/{shared['id']}", 7).status_code == 412
    assert ines.change("DELETE", f"{site.root}/views/{shared['id']}", 1).status_code == 200
    assert site.get("vera", "/views")["items"] == []
    assert ines.change("DELETE", f"{site.root}/views/{shared['id']}", 2).status_code == 404


def test_who_only_looks_keeps_for_oneself_and_a_supplier_sees_no_model(site: Site) -> None:
    vera, sue = site.browsers["vera"], site.browsers["sue"]
    assert vera.post(f"{site.root}/views", {"name": "Mine", "place": ""}).status_code == 201
    assert vera.post(f"{site.root}/views", {"name": "All", "place": "", "shared": True}).status_code == 403
    assert sue.get(f"{site.root}/views").status_code == 403
    for wrong in ({"name": "", "place": ""}, {"name": "n" * 121, "place": ""}, {"name": "n", "place": "x" * 60_001}):
        assert vera.post(f"{site.root}/views", wrong).status_code == 422, wrong["name"]
