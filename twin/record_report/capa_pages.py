"""A CAPA as an 8D report: the disciplines D0 to D8, the five whys, the cause-and-effect diagram, signatures, trail."""

from collections.abc import Iterator, Sequence

from twin.capa import Capa, CapaState
from twin.capa_steps import analysis_digest
from twin.corrective_action import ActionKind, CapaAction
from twin.disciplines import disciplines
from twin.effectiveness import EffectivenessCriterion
from twin.record_report.fishbone import WIDTH, draw_fishbone
from twin.record_report.page import (
    Around,
    Block,
    Cell,
    Pages,
    Section,
    at,
    day,
    facts,
    heading,
    note,
    number,
    table,
    text,
    tidy,
    wide,
)
from twin.record_report.shared import (
    Signed,
    evidence_section,
    integrity_section,
    listed,
    signature_section,
    trail_section,
)
from twin.root_cause import WhyNode, WhyTree

_TONES = {CapaState.EFFECTIVE: "good", CapaState.CANCELLED: "quiet"}
_EFFECTS = {"effective": "good", "partly": "wait", "ineffective": "bad"}
_TALLEST = 640.0
"""Points: what a page holds besides its heading."""


def capa_pages(capa: Capa, around: Around) -> Pages:
    """Return a CAPA as pages."""
    say = around.say
    sections = [
        Section(say("summary"), _summary(capa, around)),
        Section(say("d0"), (text(capa.emergency) if capa.emergency.strip() else note(say("not_yet")),)),
        Section(say("d1"), _team(capa, around)),
        Section(say("d2"), _problem(capa, around)),
        Section(say("d3"), _containments(capa, around)),
        Section(say("d4"), _causes(capa, around)),
        Section(say("d5"), _plan(capa, around)),
        Section(say("d6"), _done(capa, around)),
        Section(say("d7"), _prevention(capa, around)),
        Section(say("d8"), _effect(capa, around)),
        signature_section(_signatures(capa), around),
    ]
    evidence, pictures = evidence_section(capa, around)
    sections += [evidence, Section(say("steps"), (_steps(capa, around),)), trail_section(around),
                 integrity_section(around)]  # fmt: skip
    state = say.term("state", capa.state.value)
    return Pages(
        say("capa_report"), tidy(capa.number), tidy(capa.title), state, _TONES.get(capa.state, "wait"),
        tuple(sections), pictures,
    )  # fmt: skip


def _summary(capa: Capa, around: Around) -> tuple[Block, ...]:
    say = around.say
    answered = (f"{say.term('source', source.kind.value)} {around.name(source.id)}" for source in capa.sources)
    rows = [
        (say("kind"), say.term("kind", capa.kind.value)),
        (say("risk"), say.term("risk", capa.risk.value)),
        (say("owner"), around.name(capa.owner)),
        (say("due"), day(capa.due)),
        (say("opened_by"), around.name(capa.opened_by)),
        (say("opened_at"), at(capa.opened_at)),
        (say("cycle"), str(capa.cycle) if capa.cycle else ""),
    ]
    lines: list[list[Cell]] = []
    for one in disciplines(capa, now=around.exported_at):
        standing: Cell = {"tone": "good" if one.done else "wait", "text": say("done" if one.done else "open")}
        missing = listed(one.missing, around) if around.language == "en" else say("missing_count", n=len(one.missing))
        lines.append([say(one.code.lower()), standing, "" if one.done else missing])
    head = (say("discipline"), say("state"), say("missing"))
    return (
        facts(rows), wide([(say("sources"), listed(answered, around))]), heading(say("overview")),
        table(head, lines, (1.4, 0.5, 2)),
    )  # fmt: skip


def _team(capa: Capa, around: Around) -> tuple[Block, ...]:
    say, team = around.say, capa.team
    if team is None:
        return (note(say("not_yet")),)
    rows = [
        (say("champion"), around.name(team.champion)),
        (say("leader"), around.name(team.leader)),
        (say("members"), listed((around.name(member) for member in team.members), around)),
    ]
    return (wide(rows),)


def _problem(capa: Capa, around: Around) -> tuple[Block, ...]:
    say, problem = around.say, capa.problem
    if problem is None:
        return (note(say("not_yet")),)
    rows = [
        (say("what"), problem.what), (say("where"), problem.where), (say("when"), problem.when),
        (say("who"), problem.who), (say("why_it_matters"), problem.why_it_matters), (say("how_shown"), problem.how),
        (say("how_many"), problem.how_many),
    ]  # fmt: skip
    compared: list[list[Cell]] = [
        [line.question, line.is_so, line.is_not, line.distinction] for line in problem.is_is_not
    ]
    head = (say("question"), say("is"), say("is_not"), say("distinction"))
    return (wide(rows), *([table(head, compared, (1, 1.4, 1.4, 1.4))] if compared else []))


def _containments(capa: Capa, around: Around) -> tuple[Block, ...]:
    held = [action for action in capa.actions if action.kind is ActionKind.CONTAINMENT]
    why = capa.containment_not_needed
    waived = [wide([(around.say("not_needed"), why)])] if why.strip() else []
    if not held:
        return tuple(waived) or (note(around.say("not_yet")),)
    return (*waived, _actions(held, around))


def _causes(capa: Capa, around: Around) -> tuple[Block, ...]:
    say, analysis = around.say, capa.analysis
    if analysis is None:
        return (note(say("not_yet")),)
    blocks: list[Block] = [facts([(say("cause_code"), analysis.cause_code or "–")])]
    if analysis.fishbone is not None:
        drawn = draw_fishbone(analysis.fishbone, say)
        scale = min(1.0, WIDTH / drawn.width, _TALLEST / drawn.height)
        blocks += [
            heading(say("ishikawa")),
            {"kind": "drawing", "width": drawn.width, "height": drawn.height, "scale": scale, "parts": drawn.parts},
        ]
    blocks += [heading(say("why_tree")), why_block(analysis.why, around)]
    return tuple(blocks)


def why_block(tree: WhyTree, around: Around) -> Block:
    """Return the why tree as rows: each answer with, for every step to its left, whether the branch goes on below."""
    say = around.say
    nodes: list[Block] = []
    for rails, node in _walk(tree, None, ()):
        marks = [say("root_cause")] if node.is_root else []
        marks.append(say("verified" if node.verified else "not_verified"))
        asked = say.term("branch", node.branch.value) if node.parent is None else ""
        label = " · ".join(part for part in (say("why_n", n=len(rails)), asked) if part)
        nodes.append({"rails": list(rails), "label": label, "statement": tidy(node.statement), "root": node.is_root,
                      "verified": node.verified, "marks": " · ".join(marks)})  # fmt: skip
    return {"kind": "whys", "problem": tidy(tree.problem), "label": say("problem"), "nodes": nodes}


def _walk(tree: WhyTree, parent: str | None, rails: tuple[bool, ...]) -> Iterator[tuple[tuple[bool, ...], WhyNode]]:
    children = tree.children(parent)
    for n, node in enumerate(children):
        mine = (*rails, n + 1 < len(children))
        yield mine, node
        yield from _walk(tree, node.id, mine)


def _plan(capa: Capa, around: Around) -> tuple[Block, ...]:
    planned = [action for action in capa.actions if action.kind is not ActionKind.CONTAINMENT]
    blocks = [_planned(planned, around)] if planned else [note(around.say("not_yet"))]
    if capa.criterion is not None:
        blocks += [heading(around.say("criterion")), _criterion(capa.criterion, around)]
    return tuple(blocks)


def _planned(actions: Sequence[CapaAction], around: Around) -> Block:
    say = around.say
    rows: list[list[Cell]] = [
        [say.term("kind", one.kind.value), one.description, around.name(one.responsible), day(one.due),
         say("round_n", n=one.cycle + 1)]
        for one in actions
    ]  # fmt: skip
    head = (say("kind"), say("action"), say("responsible"), say("due"), "")
    return table(head, rows, (0.8, 2.8, 1.1, 0.8, 0.7))


def _actions(actions: Sequence[CapaAction], around: Around) -> Block:
    say = around.say
    rows: list[list[Cell]] = [
        [
            one.description, around.name(one.responsible), day(one.due),
            f"{around.name(one.done_by)}\n{at(one.done_at)}" if one.done else "–",
            f"{one.verification}\n{around.name(one.verified_by)}, {at(one.verified_at)}" if one.verified else "–",
            at(one.ended_at),
        ]
        for one in actions
    ]  # fmt: skip
    head = (say("action"), say("responsible"), say("due"), say("done_at"), say("verification"), say("ended_at"))
    return table(head, rows, (1.8, 0.9, 0.8, 1.1, 1.7, 0.9), size=8)


def _done(capa: Capa, around: Around) -> tuple[Block, ...]:
    done = [action for action in capa.actions if action.kind is not ActionKind.CONTAINMENT and action.done]
    return (_actions(done, around),) if done else (note(around.say("not_yet")),)


def _criterion(criterion: EffectivenessCriterion, around: Around) -> Block:
    say = around.say
    watched = say("days", n=criterion.window_days) if criterion.window_days else say("lots", n=criterion.window_lots)
    rows = [
        (say("metric"), f"{say.term('metric', criterion.metric.value)} · {criterion.description}"),
        (say("baseline"), number(criterion.baseline)),
        (say("target"), f"{number(criterion.target)} ({say.term('better', criterion.better.value)})"),
        (say("window"), watched),
        (say("method"), criterion.method),
        (say("evaluator"), around.name(criterion.evaluator)),
        (say("due"), day(criterion.due)),
    ]
    return wide(rows)


def _prevention(capa: Capa, around: Around) -> tuple[Block, ...]:
    say = around.say
    rows: list[list[Cell]] = [
        [say.term("prevention", one.kind.value), one.description, one.reference] for one in capa.prevention
    ]
    head = (say("kind"), say("description"), say("reference"))
    return (table(head, rows, (1, 3, 1.2)),) if rows else (note(say("not_yet")),)


def _effect(capa: Capa, around: Around) -> tuple[Block, ...]:
    say = around.say
    blocks = [facts([(say("monitored_since"), at(capa.monitored_since))])] if capa.monitored_since else []
    rows: list[list[Cell]] = [
        [
            say("round_n", n=one.cycle + 1), number(one.value), number(one.criterion.target),
            {"tone": _EFFECTS[one.effect.value], "text": say.term("effect", one.effect.value)},
            around.name(one.evaluated_by), at(one.evaluated_at),
        ]
        for one in capa.checks
    ]  # fmt: skip
    if rows:
        head = ("", say("value"), say("target"), say("effect"), say("evaluator"), say("at"))
        blocks.append(table(head, rows, (0.8, 0.8, 0.8, 1.1, 1.2, 1.6)))
    if capa.recognition.strip():
        blocks.append(wide([(say("recognition"), capa.recognition)]))
    asked = capa.cancellation.request if capa.cancellation else capa.cancellation_request
    if asked is not None:
        blocks.append(
            wide([(say("cancellation"), asked.reason), (say("by"), asked.by.name), (say("at"), at(asked.at))])
        )
    return tuple(blocks) or (note(say("not_yet")),)


def _signatures(capa: Capa) -> list[Signed]:
    root, gone = capa.root_cause_signature, capa.cancellation
    holds = root is not None and capa.analysis is not None and root.content_sha256 == analysis_digest(capa)
    signed = [Signed(root, "root_cause", holds=holds)] if root else []
    return [*signed, *([Signed(gone.signature, "cancellation", holds=True)] if gone else [])]


def _steps(capa: Capa, around: Around) -> Block:
    say = around.say
    rows: list[list[Cell]] = [
        [at(step.at), say.term("action", step.event), say.term("state", step.state), step.actor.name, step.reason]
        for step in capa.steps
    ]
    head = (say("at"), say("step"), say("state"), say("by"), say("reason"))
    return table(head, rows, (0, 1.2, 1.1, 1, 1.8), size=8)
