"""Who may do what: one table of roles and actions, and in which capacities a role signs.

The table is the rule; everything else asks it. A supplier reaches only what is shared with it: the scope is data, so
that the store can filter rows by it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from twin.errors import NotAllowed


class Role(StrEnum):
    """What a member is in a project."""

    OWNER = "owner"
    QUALITY_MANAGER = "quality_manager"
    INSPECTOR = "inspector"
    DESIGNER = "designer"
    SITE_MANAGER = "site_manager"
    SUPPLIER = "supplier"
    VIEWER = "viewer"


class Scope(StrEnum):
    """Which records of a project an action reaches."""

    ALL = "all"
    SHARED = "shared"
    """Only those shared with the member's organisation."""
    OWN = "own"
    """Only what the member asked for."""


class Action(StrEnum):
    """What can be done in a project: ``noun.verb``."""

    PROJECT_READ = "project.read"
    PROJECT_EDIT = "project.edit"
    MEMBER_READ = "member.read"
    MEMBER_MANAGE = "member.manage"
    FILE_UPLOAD = "file.upload"
    """Bring a file in; what may be done with it then, other actions say."""
    MODEL_READ = "model.read"
    MODEL_UPLOAD = "model.upload"
    SCAN_READ = "scan.read"
    SCAN_UPLOAD = "scan.upload"
    CHECK_READ = "check.read"
    CHECK_RUN = "check.run"
    CHECK_DECIDE = "check.decide"
    """Say which check of an epoch counts."""
    VERDICT_OVERRIDE = "verdict.override"
    """State by signature something else beside the verdict of a check."""
    REHEARSAL_READ = "rehearsal.read"
    REHEARSAL_RUN = "rehearsal.run"
    """Have clashes, tolerances or a schedule looked at before anything is built."""
    PREDICTION_READ = "prediction.read"
    PREDICTION_DECIDE = "prediction.decide"
    """Confirm what is predicted by signature, or dismiss it with a reason."""
    ELEMENT_READ = "element.read"
    FINDING_READ = "finding.read"
    FINDING_TRIAGE = "finding.triage"
    NCR_READ = "ncr.read"
    NCR_RAISE = "ncr.raise"
    NCR_CONTAIN = "ncr.contain"
    NCR_REVIEW = "ncr.review"
    NCR_SIGN = "ncr.sign"
    NCR_CORRECT = "ncr.correct"
    NCR_CLOSE = "ncr.close"
    NCR_VOID = "ncr.void"
    RECORD_SHARE = "record.share"
    CAPA_READ = "capa.read"
    CAPA_EDIT = "capa.edit"
    CAPA_ACT = "capa.act"
    CAPA_APPROVE = "capa.approve"
    CAPA_EVALUATE = "capa.evaluate"
    PLAN_READ = "plan.read"
    PLAN_EDIT = "plan.edit"
    PLAN_SIGN = "plan.sign"
    """Approve by signature: whoever may own a hold, since weakening it takes its owner's."""
    PLAN_APPROVE = "plan.approve"
    POINT_NOTIFY = "point.notify"
    POINT_ATTEND = "point.attend"
    """Write down that one came; for somebody else only with proof."""
    POINT_RELEASE = "point.release"
    """Release the hold of a party that one acts for."""
    INSPECTION_READ = "inspection.read"
    INSPECTION_CARRY_OUT = "inspection.carry_out"
    """Start, answer and sign what is planned; as what it may be signed, the capacity says."""
    INSPECTION_PERFORM = "inspection.perform"
    INSPECTION_DECIDE = "inspection.decide"
    COMMENT_READ = "comment.read"
    """What stands beside a record that one may read: comments and files."""
    COMMENT_WRITE = "comment.write"
    ATTACHMENT_ADD = "attachment.add"
    SUBSCRIPTION_MANAGE = "subscription.manage"
    EXPORT_READ = "export.read"
    MODEL_WRITE_BACK = "model.write_back"
    AUDIT_READ = "audit.read"
    JOB_CANCEL = "job.cancel"


_COLUMNS = (
    Role.OWNER, Role.QUALITY_MANAGER, Role.INSPECTOR, Role.DESIGNER, Role.SITE_MANAGER, Role.SUPPLIER, Role.VIEWER,
)  # fmt: skip
_CELLS = {".": None, "x": Scope.ALL, "s": Scope.SHARED, "o": Scope.OWN}
_TABLE: dict[Action, str] = {
    #                            owner, quality manager, inspector, designer, site manager, supplier, viewer
    Action.PROJECT_READ:        "x x x x x s x",
    Action.PROJECT_EDIT:        "x . . . . . .",
    Action.MEMBER_READ:         "x x x x x . x",
    Action.MEMBER_MANAGE:       "x . . . . . .",
    Action.FILE_UPLOAD:         "x x x x x s .",
    Action.MODEL_READ:          "x x x x x . x",
    Action.MODEL_UPLOAD:        "x x . x . . .",
    Action.SCAN_READ:           "x x x x x . x",
    Action.SCAN_UPLOAD:         "x x x . x . .",
    Action.CHECK_READ:          "x x x x x . x",
    Action.CHECK_RUN:           "x x x . . . .",
    Action.CHECK_DECIDE:        "x x . . . . .",
    Action.VERDICT_OVERRIDE:    ". x . . . . .",
    Action.REHEARSAL_READ:      "x x x x x . x",
    Action.REHEARSAL_RUN:       "x x x x x . .",
    Action.PREDICTION_READ:     "x x x x x . x",
    Action.PREDICTION_DECIDE:   "x x x . . . .",
    Action.ELEMENT_READ:        "x x x x x s x",
    Action.FINDING_READ:        "x x x x x s x",
    Action.FINDING_TRIAGE:      "x x x . . . .",
    Action.NCR_READ:            "x x x x x s x",
    Action.NCR_RAISE:           "x x x x x . .",
    Action.NCR_CONTAIN:         "x x x . x s .",
    Action.NCR_REVIEW:          "x x . x . . .",
    Action.NCR_SIGN:            "x x . x x . .",
    Action.NCR_CORRECT:         "x x . . x s .",
    Action.NCR_CLOSE:           "x x . . . . .",
    Action.NCR_VOID:            "x x . . . . .",
    Action.RECORD_SHARE:        "x x . . . . .",
    Action.CAPA_READ:           "x x x x x s x",
    Action.CAPA_EDIT:           "x x . . . s .",
    Action.CAPA_ACT:            "x x x x x s .",
    Action.CAPA_APPROVE:        "x x . . . . .",
    Action.CAPA_EVALUATE:       "x x x . . . .",
    Action.PLAN_READ:           "x x x x x s x",
    Action.PLAN_EDIT:           "x x . . . . .",
    Action.PLAN_SIGN:           "x x x x x s .",
    Action.PLAN_APPROVE:        "x x . x x . .",
    Action.POINT_NOTIFY:        "x x x . x s .",
    Action.POINT_ATTEND:        "x x x x x s .",
    Action.POINT_RELEASE:       "x x x x x s .",
    Action.INSPECTION_READ:     "x x x x x s x",
    Action.INSPECTION_CARRY_OUT: "x x x x x . .",
    Action.INSPECTION_PERFORM:  "x x x x . . .",
    Action.INSPECTION_DECIDE:   "x x . . . . .",
    Action.COMMENT_READ:        "x x x x x s x",
    Action.COMMENT_WRITE:       "x x x x x s .",
    Action.ATTACHMENT_ADD:      "x x x x x s .",
    Action.SUBSCRIPTION_MANAGE: "x x x x x s x",
    Action.EXPORT_READ:         "x x x x x . x",
    Action.MODEL_WRITE_BACK:    "x x . x . . .",
    Action.AUDIT_READ:          "x x . . . . .",
    Action.JOB_CANCEL:          "x x x o o . .",
}  # fmt: skip


def _permitted() -> Mapping[Role, Mapping[Action, Scope]]:
    """Turn the table round: role -> action -> scope."""
    by_role: dict[Role, dict[Action, Scope]] = {role: {} for role in _COLUMNS}
    for action, row in _TABLE.items():
        for role, cell in zip(_COLUMNS, row.split(), strict=True):
            scope = _CELLS[cell]
            if scope is not None:
                by_role[role][action] = scope
    return MappingProxyType({role: MappingProxyType(actions) for role, actions in by_role.items()})


PERMITTED = _permitted()
"""Role -> action -> which records it reaches; an action that is not there is not permitted."""


class Capacity(StrEnum):
    """In which capacity someone signs or acts for a party (``Signature.role``)."""

    DESIGN_AUTHORITY = "design_authority"
    QUALITY_MANAGER = "quality_manager"
    CUSTOMER = "customer"
    CONTRACTOR = "contractor"
    SUBCONTRACTOR = "subcontractor"
    SUPPLIER = "supplier"
    CONSULTANT = "consultant"
    THIRD_PARTY = "third_party"
    AUTHORITY = "authority"
    INSPECTOR = "inspector"


CAPACITIES: Mapping[Role, frozenset[Capacity]] = MappingProxyType(
    {
        Role.OWNER: frozenset({Capacity.CUSTOMER}),
        Role.QUALITY_MANAGER: frozenset({Capacity.QUALITY_MANAGER, Capacity.CONTRACTOR}),
        Role.INSPECTOR: frozenset({Capacity.INSPECTOR, Capacity.THIRD_PARTY, Capacity.AUTHORITY}),
        Role.DESIGNER: frozenset({Capacity.DESIGN_AUTHORITY, Capacity.CONSULTANT}),
        Role.SITE_MANAGER: frozenset({Capacity.CONTRACTOR, Capacity.SUBCONTRACTOR}),
        Role.SUPPLIER: frozenset({Capacity.SUPPLIER}),
        Role.VIEWER: frozenset[Capacity](),
    }
)
"""Role -> the capacities it may sign in; a membership may grant fewer, never more."""


INSPECTED_AS = frozenset(
    {
        Capacity.INSPECTOR,
        Capacity.QUALITY_MANAGER,
        Capacity.THIRD_PARTY,
        Capacity.AUTHORITY,
        Capacity.CONSULTANT,
        Capacity.CUSTOMER,
        Capacity.CONTRACTOR,
    }
)
"""In which capacities an inspection is signed; the contractor's own comes before the others' (GB 50300-2013, 6.0.1)."""
REINSPECTED_AS = INSPECTED_AS - {Capacity.CONTRACTOR}
"""In which capacities a re-inspection is signed: who built it and was wrong once does not say that it is right now."""


def scope_of(role: Role, action: Action) -> Scope | None:
    """Return which records the action reaches for this role, None when it is not permitted at all."""
    return PERMITTED[role].get(action)


def may(role: Role, action: Action) -> bool:
    """Say whether the role has the action at all; which records it reaches is :func:`scope_of`.

    Examples
    --------
    >>> may(Role.VIEWER, Action.NCR_READ), may(Role.VIEWER, Action.NCR_RAISE)
    (True, False)
    """
    return scope_of(role, action) is not None


def require(role: Role, action: Action) -> Scope:
    """Return which records the action reaches.

    Raises
    ------
    NotAllowed
        If the role does not have the action.
    """
    scope = scope_of(role, action)
    if scope is None:
        raise NotAllowed(f"the role {_said(role)} does not have {action}: ask somebody who is {_who_may(action)}")
    return scope


def _who_may(action: Action) -> str:
    """Name who has the action everywhere."""
    return " or ".join(_said(role) for role in _COLUMNS if scope_of(role, action) is Scope.ALL)


def _said(word: Role | Capacity) -> str:
    return word.value.replace("_", " ")
