"""What a record is called that nobody gave a title: in the language of the project's records."""

from twin.finding import CauseKind, Defect
from twin.report.words import Words
from twin.texts import Texts

_LONGEST = 200


def finding_title(defect: Defect, name: str, language: str) -> str:
    """Return the title of a draft that is made of a finding.

    Parameters
    ----------
    name
        What the element is called that leads the finding.
    language
        ``en`` or ``zh``.
    """
    say, lead, several = _say(language), defect.lead, len(defect.global_ids)
    named = say("title.part", name=name, part=lead.part) if lead.part else name
    if several > 1:
        named = say("title.more", name=named, n=several if language == "zh" else several - 1)
    cause = say(f"title.cause.{defect.kind.value}")
    if defect.kind is CauseKind.MISSING:
        return say("title.missing", cause=cause, name=named)[:_LONGEST]
    what = Words(language).characteristic(lead.characteristic)
    return say("title.finding", cause=cause, name=named, what=what)[:_LONGEST]


def inspection_title(title: str, number: str, language: str) -> str:
    """Return the title of a draft that a failed inspection suggests."""
    return _say(language)("title.inspection", title=title, number=number)[:_LONGEST]


def predicted_title(title: str, language: str) -> str:
    """Return the title of a draft of what is only predicted."""
    return _say(language)("title.predicted", title=title)[:_LONGEST]


def _say(language: str) -> Texts:
    return Texts("twin.record_report", "words.yaml", language)
