"""Writes docs/roles.md from the table of roles and actions: ``.venv/bin/python scripts/roles.py``."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from twin.access import CAPACITIES, Action, Capacity, Role, Scope, scope_of  # noqa: E402
from twin.access_words import roles_signing_as, said  # noqa: E402
from twin.account import ADMINISTRATOR_MAY, SystemAction, may_system  # noqa: E402

OUT = ROOT / "docs" / "roles.md"
A = Action
GROUPS: Mapping[str, Mapping[Action, str]] = {
    "The project and its people": {
        A.PROJECT_READ: "see the project and its jobs",
        A.PROJECT_EDIT: "change its name and language",
        A.MEMBER_READ: "see who takes part, as what",
        A.MEMBER_MANAGE: "take people in, change role and capacities, let them go",
        A.JOB_CANCEL: "cancel a job, try it again",
        A.AUDIT_READ: "read and verify the trail",
    },
    "Models, scans and checks": {
        A.FILE_UPLOAD: "bring a file in",
        A.MODEL_READ: "see revisions, download the model, its scene",
        A.MODEL_UPLOAD: "take a model in as a revision",
        A.MODEL_WRITE_BACK: "write verdicts into a copy of the model",
        A.SCAN_READ: "see scan epochs",
        A.SCAN_UPLOAD: "take scans in",
        A.CHECK_READ: "see checks, reports, their scene",
        A.CHECK_RUN: "run a check",
        A.CHECK_DECIDE: "say which check of an epoch counts",
        A.VERDICT_OVERRIDE: "state something else beside a verdict, by signature",
        A.REHEARSAL_READ: "see rehearsals and what they wrote",
        A.REHEARSAL_RUN: "have clashes, tolerances, a schedule rehearsed",
        A.PREDICTION_READ: "see what is predicted, and whether it came true",
        A.PREDICTION_DECIDE: "confirm what is predicted by signature, dismiss it",
        A.ELEMENT_READ: "see what is known of elements",
        A.FINDING_READ: "see findings",
        A.FINDING_TRIAGE: "confirm and dismiss findings, note one in a record",
    },
    "Nonconformances": {
        A.NCR_READ: "read records and topics",
        A.NCR_RAISE: "raise, amend, open, assign; change topics; take BCF files in",
        A.NCR_CONTAIN: "contain",
        A.NCR_REVIEW: "reclassify, seat the board, begin the review, propose, put into force, reconsider",
        A.NCR_SIGN: "sign a disposition as one of the board",
        A.NCR_CORRECT: "begin the work, report it as finished",
        A.NCR_CLOSE: "cost, CAPA decision, customer's notice; close by signature; reopen",
        A.NCR_VOID: "reject, void",
    },
    "CAPAs": {
        A.CAPA_READ: "read CAPAs",
        A.CAPA_EDIT: "team, problem, analysis, actions, criterion, and from one step to the next",
        A.CAPA_ACT: "report one's own action as done; ask to give a CAPA up",
        A.CAPA_APPROVE: "begin one, see what recurs, set aside, sign root cause and cancellation",
        A.CAPA_EVALUATE: "verify actions, evaluate the effect",
    },
    "Inspection plans and inspections": {
        A.PLAN_READ: "read plans, stations, what is carried out",
        A.PLAN_EDIT: "draft, generate from a model, order, issue, revise",
        A.PLAN_SIGN: "approve an issue by signature, also as the owner of a hold that it weakens",
        A.PLAN_APPROVE: "return an issue for correction, put it into force",
        A.POINT_NOTIFY: "begin an item, invite to a point",
        A.POINT_ATTEND: "write down that one came",
        A.POINT_RELEASE: "release a hold of one's party by signature",
        A.INSPECTION_READ: "read inspections",
        A.INSPECTION_CARRY_OUT: "start, answer and sign inspections that are planned; plan what an item begun asks for",
        A.INSPECTION_PERFORM: "plan, repeat, count and cancel inspections; link them; record re-inspections and proofs",
        A.INSPECTION_DECIDE: "accept, reject and restore quantities of a lot",
    },
    "Beside the records": {
        A.COMMENT_READ: "read comments and attachments",
        A.COMMENT_WRITE: "comment, add viewpoints",
        A.ATTACHMENT_ADD: "attach files, add evidence",
        A.SUBSCRIPTION_MANAGE: "one's own subscriptions and inbox",
        A.RECORD_SHARE: "share a record with an outside organisation",
        A.EXPORT_READ: "export records, BCF files",
    },
}
"""What each action is, in words; a test holds that none is left out."""
SYSTEM: Mapping[SystemAction, str] = {
    SystemAction.ACCOUNT_MANAGE: "accounts, one-time passwords, programs that people may connect",
    SystemAction.ORGANISATION_MANAGE: "add organisations",
    SystemAction.PROJECT_CREATE: "found projects",
    SystemAction.DIRECTORY_READ: "find people and organisations, to take them into a project",
    SystemAction.DELIVERY_MANAGE: "see which letters arrived, send one again",
    SystemAction.SYSTEM_AUDIT: "read and verify the trail of accounts and sign-ins",
}
CAPACITY_SIGNS: Mapping[Capacity, str] = {
    Capacity.QUALITY_MANAGER: "dispositions, root causes, CAPAs given up, plans; closes records; inspections",
    Capacity.CUSTOMER: "dispositions (critical, repair, against the contract); closes records; inspections",
    Capacity.DESIGN_AUTHORITY: "dispositions (major, critical, use-as-is, repair); closes nothing",
    Capacity.CONTRACTOR: "dispositions, as who builds; first inspections, never re-inspections",
    Capacity.INSPECTOR: "inspections, re-inspections",
    Capacity.CONSULTANT: "inspections, re-inspections",
    Capacity.THIRD_PARTY: "inspections, re-inspections",
    Capacity.AUTHORITY: "inspections, re-inspections",
    Capacity.SUBCONTRACTOR: "its points",
    Capacity.SUPPLIER: "its points, in plans that are shared with it",
}
_CELLS = {Scope.ALL: "yes", Scope.SHARED: "shared", Scope.OWN: "own", None: ""}
_HEAD = """\
# Roles and capacities

Written by `scripts/roles.py` from `twin/access.py`; do not edit. Each request of [api.md](api.md) needs one
action, which `openapi.json` names with the roles that have it; without it the answer is 403, without membership 404.

A member has one role in a project and perhaps capacities. **The role says what one may do, the capacity as what one
signs**; nobody signs what they raised, wrote or led ([who not](api.md#quality-records)). `yes`: all records; `shared`:
what is shared with the member's organisation; `own`: what one asked for oneself. Administrators are no members: they
see to it that a project has people, and see nothing else of it.
"""
_POINTS = """\
Any of them may be a party of a plan. Its own points it attends and its own holds it releases, by a member whose
membership grants the capacity, never by who inspected there; an issue of the plan that weakens one of its holds needs
its signature. So there is no hold that nobody could release."""


def text() -> str:
    """Return the whole document."""
    parts = [_HEAD, *(_matrix(title, rows) for title, rows in GROUPS.items()), _capacities(), _system()]
    return "\n".join(parts)


def _matrix(title: str, rows: Mapping[Action, str]) -> str:
    heads = ["action", "what", *(said(role) for role in Role)]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for action, words in rows.items():
        marked = " *" if action in ADMINISTRATOR_MAY else ""
        lines.append(_row([f"`{action}`{marked}", words, *(_CELLS[scope_of(role, action)] for role in Role)]))
    foot = "\n\\* Administrators too, in every project." if any(a in ADMINISTRATOR_MAY for a in rows) else ""
    return f"## {title}\n\n" + "\n".join(lines) + f"\n{foot}" + ("\n" if foot else "")


def _capacities() -> str:
    about = (
        'A membership grants some of its role\'s capacities, never others: `POST .../members {"capacities": [...]}`.'
    )
    lines = [_row(["role", "may sign as"]), _row(["---", "---"])]
    for role in Role:
        lines.append(_row([said(role), ", ".join(f"`{c}`" for c in Capacity if c in CAPACITIES[role]) or "nothing"]))
    lines += ["", _row(["capacity", "role", "signs"]), _row(["---", "---", "---"])]
    for capacity, words in CAPACITY_SIGNS.items():
        lines.append(_row([f"`{capacity}`", ", ".join(said(role) for role in roles_signing_as([capacity])), words]))
    return f"## Capacities\n\n{about}\n\n{_POINTS}\n\n" + "\n".join(lines) + "\n"


def _system() -> str:
    lines = [_row(["action", "what", "administrator", "owner of a project"]), _row(["---"] * 4)]
    for action, words in SYSTEM.items():
        owner = "yes" if may_system(action, administrator=False, roles={Role.OWNER}) else ""
        lines.append(_row([f"`{action}`", words, "yes", owner]))
    return "## Above projects\n\n" + "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    OUT.write_text(text())
