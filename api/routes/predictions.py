"""Predictions: what rehearsals let expect, settled by people and by later checks, and how they fared."""

from typing import Annotated

from fastapi import Query, Response

from api.deps import PagerDep, ProjectId, RowsDep, StoreDep
from api.etag import Expected, tag
from api.held import PredictionHeld
from api.paging import Filtered, Listed
from api.records import history_of
from api.routing import Routes
from api.schemas.ncr import NcrOut, ncr_out
from api.schemas.prediction import (
    Confirmation,
    FaredOut,
    FaredQuery,
    PredictionOut,
    PredictionQuery,
    RaisedPrediction,
    fared_out,
    prediction_out,
)
from api.schemas.record import Happening, Reason
from twin.access import Action
from twin.operations.predictions import confirm_prediction, dismiss_prediction, how_they_fared, raise_predicted
from twin.store.records import PREDICTION

routes = Routes("predictions")
ALL = "/projects/{project}/predictions"
ONE = ALL + "/{prediction}"


@routes.get(ALL, Action.PREDICTION_READ, "List predictions")
def list_predictions(
    project: ProjectId, query: Filtered[PredictionQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[PredictionOut]:
    """Return what is predicted in a project, the first one first."""
    with store.read() as view:
        return pager.records(view, PREDICTION, query, rows, prediction_out)


@routes.get("/projects/{project}/prediction-score", Action.PREDICTION_READ, "How did predictions fare")
def read_prediction_score(
    project: ProjectId, query: Annotated[FaredQuery, Query()], store: StoreDep, rows: RowsDep
) -> FaredOut:
    """Return Brier score, calibration and drift of what later checks measured.

    A report that a prediction was learnt from never scores it, nor does a scan captured before those.
    """
    with store.read() as view:
        return fared_out(how_they_fared(view, project, rows, kind=query.kind))


@routes.get(ONE, Action.PREDICTION_READ, "Read a prediction")
def read_prediction(prediction: PredictionHeld) -> PredictionOut:
    """Return a prediction: what it was made of, and what was found out."""
    return prediction_out(prediction.tagged(prediction.stored))


@routes.get(ONE + "/history", Action.PREDICTION_READ, "Read a prediction's history")
def read_prediction_history(prediction: PredictionHeld) -> Listed[Happening]:
    """Return every change of it, oldest first, as the audit trail has it."""
    return history_of(prediction)


@routes.post(ONE + "/confirm", Action.PREDICTION_DECIDE, "Confirm a prediction", secret=True)
def confirm_one(prediction: PredictionHeld, expected: Expected, given: Confirmation) -> PredictionOut:
    """Confirm by signature what somebody saw, as inspector or quality manager, with one's password."""
    prediction.confirm(given.password)
    stored = confirm_prediction(
        prediction.store, prediction.context, prediction.id, member=prediction.member, reason=given.reason,
        expected=expected, scope=prediction.scope,
    )  # fmt: skip
    return prediction_out(prediction.tagged(stored))


@routes.post(ONE + "/dismiss", Action.PREDICTION_DECIDE, "Dismiss a prediction")
def dismiss_one(prediction: PredictionHeld, expected: Expected, given: Reason) -> PredictionOut:
    """Dismiss a prediction with a reason; it is not scored, since nobody measured."""
    stored = dismiss_prediction(
        prediction.store, prediction.context, prediction.id, reason=given.reason, expected=expected,
        scope=prediction.scope,
    )  # fmt: skip
    return prediction_out(prediction.tagged(stored))


@routes.post(ONE + "/raise", Action.NCR_RAISE, "Raise a predicted nonconformance", status=201)
def raise_one(prediction: PredictionHeld, expected: Expected, given: RaisedPrediction, response: Response) -> NcrOut:
    """Keep a draft of a nonconformance of a candidate: it says that it is predicted, and a person has to open it."""
    stored = raise_predicted(
        prediction.store, prediction.context, prediction.id, severity=given.severity, title=given.title,
        expected=expected, scope=prediction.scope,
    )  # fmt: skip
    tag(response, stored.version)
    return ncr_out(stored, prediction.now, prediction.member)
