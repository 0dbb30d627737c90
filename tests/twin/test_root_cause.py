from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import Invalid, NotFound, Refused
from twin.record import Evidence, EvidenceKind
from twin.root_cause import (
    Branch,
    WhyNode,
    WhyTree,
    add_why,
    as_mermaid,
    as_text,
    mark_root,
    missing_roots,
    verify_why,
)
from twin.store.codec import from_json, to_json

PROOF = (Evidence(EvidenceKind.PICTURE, "ab" * 32),)
TREE = WhyTree(
    "Columns lean",
    (
        WhyNode("a", Branch.OCCURRENCE, "formwork moved"),
        WhyNode("b", Branch.OCCURRENCE, "one brace too few", parent="a"),
        WhyNode("c", Branch.OCCURRENCE, "poured too fast", parent="a"),
        WhyNode("d", Branch.ESCAPE, "plumb not measured before the pour"),
    ),
)


def test_a_tree_with_a_verified_root_in_each_leg_lacks_nothing() -> None:
    tree = verify_why(mark_root(verify_why(mark_root(TREE, "b"), "b", PROOF), "d"), "d", PROOF)
    assert missing_roots(tree) == ()
    assert [n.id for n in tree.roots] == ["b", "d"]


def test_what_is_missing_is_named() -> None:
    assert missing_roots(TREE) == ("a root cause of the occurrence", "a root cause of the escape")
    assert missing_roots(WhyTree("p")) == ("a root cause of the occurrence", "a root cause of the escape")
    assert missing_roots(mark_root(TREE, "b"))[0] == "evidence that verifies 'one brace too few'"
    begun = add_why(TREE, WhyNode("s", Branch.SYSTEMIC, "nobody checks braces"))
    assert "a root cause of the systemic" in missing_roots(begun)
    assert missing_roots(WhyTree("p"), ()) == ()
    assert missing_roots(begun, ())[-1] == "a root cause of the systemic"


def test_a_root_cause_has_nothing_beneath_it() -> None:
    with pytest.raises(Refused, match="beneath"):
        mark_root(TREE, "a")
    with pytest.raises(Invalid, match="no why beneath"):
        add_why(mark_root(TREE, "b"), WhyNode("x", Branch.OCCURRENCE, "more", parent="b"))


@pytest.mark.parametrize(("node", "text"), [
    (WhyNode("x", Branch.OCCURRENCE, "y", parent="nowhere"), "not in the tree"),
    (WhyNode("x", Branch.ESCAPE, "y", parent="a"), "explains an answer about the occurrence"),
    (WhyNode("a", Branch.OCCURRENCE, "again"), "id a"),
])  # fmt: skip
def test_what_is_no_tree_is_refused(node: WhyNode, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        add_why(TREE, node)


def test_cycles_are_refused_also_those_apart_from_the_problem() -> None:
    ring = tuple(WhyNode(i, Branch.OCCURRENCE, i, parent=p) for i, p in (("x", "z"), ("y", "x"), ("z", "y")))
    with pytest.raises(Invalid, match="cycle"):
        WhyTree("p", ring)
    with pytest.raises(Invalid, match="cycle"):
        WhyTree("p", (WhyNode("x", Branch.OCCURRENCE, "x", parent="x"),))


def test_nothing_is_verified_without_evidence() -> None:
    with pytest.raises(Invalid, match="without evidence"):
        WhyNode("x", Branch.OCCURRENCE, "y", verified=True)
    with pytest.raises(Invalid, match="without evidence"):
        verify_why(TREE, "b", ())


def test_empty_texts_and_unknown_ids_are_refused() -> None:
    with pytest.raises(Invalid, match="answer"):
        WhyNode("x", Branch.OCCURRENCE, "  ")
    with pytest.raises(Invalid, match="problem"):
        WhyTree(" ")
    with pytest.raises(NotFound):
        TREE.node("zz")


def test_the_text_shows_the_tree() -> None:
    assert as_text(verify_why(mark_root(TREE, "b"), "b", PROOF)) == (
        "Columns lean\n"
        "  why? occurrence: formwork moved (not verified)\n"
        "    why? one brace too few (root cause)\n"
        "    why? poured too fast (not verified)\n"
        "  why? escape: plumb not measured before the pour (not verified)\n"
    )


def test_the_flowchart_shows_the_tree_and_cannot_be_broken_out_of() -> None:
    nasty = WhyTree('a"]; click n0 "x', (WhyNode("a", Branch.ESCAPE, '<script>#"`&\n</script>'),))
    assert as_mermaid(nasty) == (
        'flowchart TD\n  n0["a#quot;]; click n0 #quot;x"]\n'
        '  n1["#lt;script#gt;#35;#quot;#96;#amp; #lt;/script#gt;"]\n'
        "  n0 -->|escape| n1\n  style n1 stroke-dasharray:4\n"
    )
    assert "  n1 --> n2\n" in as_mermaid(TREE)
    assert "style n2 stroke-width:3px" in as_mermaid(mark_root(TREE, "b"))


@st.composite
def _trees(draw: st.DrawFn) -> WhyTree:
    nodes: list[WhyNode] = []
    for i in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from([None, *nodes]))
        branch = parent.branch if parent else draw(st.sampled_from(list(Branch)))
        nodes.append(WhyNode(f"w{i}", branch, f"answer {i}", parent.id if parent else None))
    return WhyTree("p", tuple(draw(st.permutations(nodes))))


@given(_trees())
def test_every_answer_is_shown_once_below_its_parent_and_survives_storing(tree: WhyTree) -> None:
    lines = as_text(tree).splitlines()[1:]
    assert len(lines) == len(tree.nodes)
    at = {node.id: next(i for i, line in enumerate(lines) if f"{node.statement} " in line) for node in tree.nodes}
    for node in tree.nodes:
        if node.parent:
            above, below = lines[at[node.parent]], lines[at[node.id]]
            assert at[node.parent] < at[node.id]
            assert len(below) - len(below.lstrip()) == len(above) - len(above.lstrip()) + 2
    assert as_mermaid(tree).count("-->") == len(tree.nodes)
    assert from_json(to_json(tree), WhyTree) == tree


@given(_trees(), st.data())
def test_reparenting_below_oneself_is_always_a_cycle(tree: WhyTree, data: st.DataObject) -> None:
    if not tree.nodes:
        return
    node = data.draw(st.sampled_from(tree.nodes))
    below, family = {node.id}, [node]
    while family:
        children = tree.children(family.pop().id)
        below |= {c.id for c in children}
        family += children
    target = data.draw(st.sampled_from(sorted(below)))
    moved = tuple(replace(n, parent=target) if n.id == node.id else n for n in tree.nodes)
    with pytest.raises(Invalid, match="cycle"):
        WhyTree("p", moved)
