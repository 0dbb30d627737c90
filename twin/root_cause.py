"""Why it happened, why it was not noticed, why the system let it: a tree of whys (8D, D4).

A tree, not a list: one effect has several causes. Each branch that is used ends in at least one verified root cause:
for the occurrence, for the escape (why nobody noticed) and for the system behind both ("3-legged 5-Why").
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from twin.errors import Invalid, NotFound, Refused
from twin.record import Evidence, Id


class Branch(StrEnum):
    """Which question a chain of whys answers."""

    OCCURRENCE = "occurrence"
    """Why it happened."""
    ESCAPE = "escape"
    """Why it was not noticed where it should have been."""
    SYSTEMIC = "systemic"
    """Why the way of working allowed both."""


@dataclass(frozen=True, slots=True)
class WhyNode:
    """One answer to a why."""

    id: Id
    branch: Branch
    statement: str
    parent: Id | None = None
    """The answer that this one explains; None directly under the problem."""
    evidence: tuple[Evidence, ...] = ()
    verified: bool = False
    """Shown by evidence to be so, not only thought."""
    is_root: bool = False
    """The cause to remove: no further why is useful."""

    def __post_init__(self) -> None:
        """Refuse an answer that says nothing, and a verification that rests on nothing."""
        if not self.statement.strip():
            raise Invalid("a why needs an answer")
        if self.verified and not self.evidence:
            raise Invalid(f"'{self.statement}' cannot be verified without evidence: attach what shows it")


@dataclass(frozen=True, slots=True)
class WhyTree:
    """A problem and the whys beneath it; siblings in the order of ``nodes``."""

    problem: str
    nodes: tuple[WhyNode, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no tree: lost parents, cycles, whys beneath a root cause, answers that change branch."""
        if not self.problem.strip():
            raise Invalid("a why tree needs the problem that it explains")
        by_id = {node.id: node for node in self.nodes}
        if len(by_id) < len(self.nodes):
            twice = next(i for i, n in Counter(node.id for node in self.nodes).items() if n > 1)
            raise Invalid(f"two whys have the id {twice}")
        for node in self.nodes:
            _check_parent(node, by_id)
        for node in self.nodes:
            _refuse_cycle(node, by_id)

    def node(self, node_id: Id) -> WhyNode:
        """Return a node; raise :class:`NotFound` when there is none of this id."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise NotFound(f"there is no why with the id {node_id} in this tree")

    def children(self, parent: Id | None) -> tuple[WhyNode, ...]:
        """Return the answers directly beneath a node, or beneath the problem."""
        return tuple(node for node in self.nodes if node.parent == parent)

    @property
    def roots(self) -> tuple[WhyNode, ...]:
        """The root causes, verified or not."""
        return tuple(node for node in self.nodes if node.is_root)


def add_why(tree: WhyTree, node: WhyNode) -> WhyTree:
    """Return the tree with one more answer."""
    return replace(tree, nodes=(*tree.nodes, node))


def verify_why(tree: WhyTree, node_id: Id, evidence: tuple[Evidence, ...]) -> WhyTree:
    """Return the tree with an answer verified by ``evidence``."""
    node = tree.node(node_id)
    kept = node.evidence + tuple(e for e in evidence if e not in node.evidence)
    return _replaced(tree, replace(node, evidence=kept, verified=True))


def mark_root(tree: WhyTree, node_id: Id) -> WhyTree:
    """Return the tree with an answer marked as root cause.

    Raises
    ------
    Refused
        If there are whys beneath it.
    """
    if tree.children(node_id):
        raise Refused(f"'{tree.node(node_id).statement}' has a why beneath it: mark the deepest one")
    return _replaced(tree, replace(tree.node(node_id), is_root=True))


def missing_roots(tree: WhyTree, always: Collection[Branch] = (Branch.OCCURRENCE, Branch.ESCAPE)) -> tuple[str, ...]:
    """Return what the tree lacks before its root causes can be approved, one phrase each.

    The branches ``always`` asked (8D, D4: root cause and escape point) need a verified root cause, and so does every
    other branch that was begun.
    """
    missing: list[str] = []
    for branch in Branch:
        mine = [node for node in tree.nodes if node.branch is branch]
        if not mine and branch not in always:
            continue
        roots = [node for node in mine if node.is_root]
        if not roots:
            missing.append(f"a root cause of the {branch}")
        missing += [f"evidence that verifies '{node.statement}'" for node in roots if not node.verified]
    return tuple(missing)


def as_text(tree: WhyTree) -> str:
    """Return the tree as indented text, one line per answer; a root cause and what is not verified say so."""
    lines = [" ".join(tree.problem.split())]
    for depth, node in _walk(tree):
        marks = [m for m, on in (("root cause", node.is_root), ("not verified", not node.verified)) if on]
        said = f" ({', '.join(marks)})" if marks else ""
        question = f"{node.branch}: " if node.parent is None else ""
        lines.append(f"{'  ' * depth}why? {question}{' '.join(node.statement.split())}{said}")
    return "\n".join(lines) + "\n"


def as_mermaid(tree: WhyTree) -> str:
    """Return the tree as a Mermaid flowchart; dashed = not verified, thick = root cause."""
    names = {node.id: f"n{i}" for i, (_, node) in enumerate(_walk(tree), start=1)}
    lines = ["flowchart TD", f'  n0["{_label(tree.problem)}"]']
    for _, node in _walk(tree):
        name, parent = names[node.id], names[node.parent] if node.parent else "n0"
        arrow = f"-->|{node.branch}|" if node.parent is None else "-->"
        lines.append(f'  {name}["{_label(node.statement)}"]')
        lines.append(f"  {parent} {arrow} {name}")
        if node.is_root:
            lines.append(f"  style {name} stroke-width:3px")
        if not node.verified:
            lines.append(f"  style {name} stroke-dasharray:4")
    return "\n".join(lines) + "\n"


def _walk(tree: WhyTree) -> Iterator[tuple[int, WhyNode]]:
    """Visit every node below its parent, with its depth from 1."""
    waiting = [(1, node) for node in reversed(tree.children(None))]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(tree.children(node.id))]


def _label(text: str) -> str:
    """Return text as a Mermaid label: what Mermaid or HTML would act on is written as its code."""
    codes = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(codes.get(c, c) for c in " ".join(text.split()))


def _replaced(tree: WhyTree, node: WhyNode) -> WhyTree:
    return replace(tree, nodes=tuple(node if n.id == node.id else n for n in tree.nodes))


def _check_parent(node: WhyNode, by_id: Mapping[Id, WhyNode]) -> None:
    if node.parent is None:
        return
    parent = by_id.get(node.parent)
    if parent is None:
        raise Invalid(f"'{node.statement}' explains a why that is not in the tree")
    if parent.is_root:
        raise Invalid(f"'{parent.statement}' is a root cause: there can be no why beneath it")
    if parent.branch is not node.branch:
        raise Invalid(f"'{node.statement}' is about the {node.branch} and explains an answer about the {parent.branch}")


def _refuse_cycle(node: WhyNode, by_id: Mapping[Id, WhyNode]) -> None:
    passed = {node.id}
    step = node
    while step.parent is not None:
        if step.parent in passed:
            raise Invalid(f"'{node.statement}' explains itself: a why tree has no cycles")
        passed.add(step.parent)
        step = by_id[step.parent]
