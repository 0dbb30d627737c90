import io

from api.progress import PlainProgress, TerminalProgress
from api.words import WORDS
from twin.operations import Step


def test_every_step_has_its_words() -> None:
    for words in WORDS.values():
        assert all(step in words for step in Step)


def test_plain_lines_tell_when_a_step_began() -> None:
    seconds = iter([0.0, 10.0, 12.5, 14.0])
    stream = io.StringIO()
    with PlainProgress(WORDS["en"], stream, clock=lambda: next(seconds)) as view:
        view(Step.READING, "", 0.0)
        view(Step.READING, "", 0.9)
        view(Step.REGISTERING, "", 0.0)
    assert stream.getvalue() == "    2.5 s  reading the scan\n    4.0 s  registering the scan to the model\n"


def test_bars_survive_shares_outside_0_to_1_and_an_error() -> None:
    class Stop(Exception):
        pass

    view = TerminalProgress(WORDS["en"])
    try:
        with view:
            view(Step.READING, "a label [that looks like markup", -0.5)
            view(Step.TESSELLATING, "", 7.0)
            raise Stop
    except Stop:
        left = [task.percentage for task in view.tasks()]
    assert left == [100.0, 100.0]
