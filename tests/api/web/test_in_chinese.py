"""Whatever the server says of a fault, and of what it is doing, has its Chinese: found in the code that raises it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.in_chinese import _catalogue, in_chinese  # pyright: ignore[reportPrivateUsage]
from twin.operations.check import Step
from twin.operations.checks import FIRST_RUN

ROOT = Path(__file__).resolve().parents[3]
ASKED_BY_THE_VIEWER = (
    "geometry/readers/*.py", "geometry/registration/*.py", "geometry/safe_xml.py", "geometry/tolerance.py",
    "simulation/assembly/order_study.py", "simulation/prediction/*.py", "simulation/schedule/calendar.py",
    "simulation/schedule/levelling.py", "simulation/schedule/network.py",
    "twin/access*.py", "twin/account.py", "twin/bcf/*read*.py", "twin/bcf/kept.py", "twin/bcf/picture.py",
    "twin/bcf/values.py", "twin/characteristic.py", "twin/check*.py", "twin/comment.py", "twin/disposition.py",
    "twin/element_*.py", "twin/execution_record.py", "twin/finding.py", "twin/granted.py", "twin/grouping*.py",
    "twin/inspection*.py", "twin/instrument.py", "twin/ncr*.py", "twin/plan_execution.py", "twin/plan_release.py",
    "twin/prediction.py",
    "twin/project.py", "twin/record.py", "twin/rehearsal_record.py", "twin/rehearsal/*.py", "twin/report/folder.py",
    "twin/report/write.py", "twin/revision_diff.py", "twin/saved_view.py", "twin/scene/*.py", "twin/signed_content.py",
    "twin/store/jobs.py", "twin/store/uploads.py", "twin/store/view.py", "twin/verdict_override.py",
    "twin/operations/accounts.py", "twin/operations/assembly*.py", "twin/operations/bcf*.py",
    "twin/operations/check*.py", "twin/operations/comments.py", "twin/operations/counting.py",
    "twin/operations/duties.py", "twin/operations/epoch_changes.py", "twin/operations/executions.py",
    "twin/operations/files.py", "twin/operations/inspections.py", "twin/operations/known_elements.py",
    "twin/operations/models.py", "twin/operations/ncr*.py", "twin/operations/notices.py",
    "twin/operations/overrides.py", "twin/operations/predict.py", "twin/operations/projects.py",
    "twin/operations/queue.py", "twin/operations/rehearsal*.py", "twin/operations/repeats.py",
    "twin/operations/saved_views.py", "twin/operations/scans.py", "twin/operations/schedule*.py",
    "twin/operations/shares.py", "twin/operations/sign_in.py", "twin/operations/uploads.py",
    "api/lengths.py", "api/field_words.py", "api/routes/ncrs.py", "api/routes/bcf_*.py", "api/routes/auth.py",
)  # fmt: skip
"""The code that runs when something is asked for in the viewer."""
RAISED = {
    "Invalid", "Refused", "IllegalTransition", "Conflict", "NotAllowed", "TooManyAttempts", "ReadError", "EmptyInput",
    "UnitContradiction", "ToleranceError", "ControlPointError", "BadMesh", "Unreadable", "NotAxes", "SimulationError",
    "NoSolution", "MissingLearner", "MissingSolver", "Cycle", "ReportError", "truncated",
}  # fmt: skip
"""Of the others the viewer says what to do by their kind."""


OF_AXES = {"§0§ of §2§: §4§"}
"""X, Y and Z of a vector have a line each: "of" alone would fit any sentence."""


def written(node: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the texts that an expression may be, each hole in them as ``§1§``, ``§2§`` and so on."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from written(body, names)
            yield from written(other, names)
        case ast.Name(id=name) if name in names:
            yield from written(names[name], {})
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (one + two for one in written(left, names) for two in written(right, names))
        case ast.JoinedStr(values=parts):
            texts = [""]
            for n, part in enumerate(parts):
                said = [str(part.value)] if isinstance(part, ast.Constant) else [f"§{n}§"]
                texts = [text + one for text in texts for one in said]
            yield from texts
        case _:
            return


def assigned(function: ast.AST) -> dict[str, ast.expr]:
    """Return what names stand for within a function."""
    return {
        target.id: one.value
        for one in ast.walk(function)
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    }


def raised(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a module raises."""
    tree = ast.parse(path.read_text("utf-8"))
    for function in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)] or [tree]:
        names = assigned(function)
        for one in ast.walk(function):
            if isinstance(one, ast.Call) and getattr(one.func, "id", "") in RAISED:
                yield from ((one.lineno, text) for value in one.args[:1] for text in written(value, names))


def is_known(text: str) -> bool:
    """Say whether a text has its Chinese; a hole that stands for a whole phrase may be any that has."""
    phrase = re.sub(r"(^|: |; )§\d+§(?=$|; )", r"\1no such file", text)
    phrase = re.sub(r"(: )§\d+§$", r"\1no such file", phrase)
    return bool(in_chinese(text) or in_chinese(phrase))


MODULES = sorted({path for name in ASKED_BY_THE_VIEWER for path in ROOT.glob(name)})


def test_every_fault_that_can_be_raised_has_its_chinese() -> None:
    said = [(path.relative_to(ROOT), line, text) for path in MODULES for line, text in raised(path)]
    assert len(said) > 500, "the code is found and read"
    lacking = sorted(
        {f"{path}:{line}: {text}" for path, line, text in said if not is_known(text) and text not in OF_AXES}
    )
    assert not lacking, "in api/in_chinese.yaml are missing:\n" + "\n".join(lacking)


def faults(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a module says of a document: ``BadDocument(place, text)``, ``fault(word, text)``."""
    for function in [one for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.FunctionDef)]:
        names = assigned(function)
        for one in ast.walk(function):
            called = getattr(one.func, "id", getattr(one.func, "attr", "")) if isinstance(one, ast.Call) else ""
            if isinstance(one, ast.Call) and called in ("BadDocument", "fault", "_fault", "append"):
                told = one.args[-1:] if called in ("_fault", "append") else one.args[1:2]
                collected = called != "append" or getattr(getattr(one.func, "value", None), "id", "") == "faults"
                yield from ((one.lineno, text) for value in told if collected for text in written(value, names))


def test_every_fault_of_a_document_has_its_chinese() -> None:
    """A hint that may follow (``did you mean ...``) is a hole at the end."""
    said = {
        (f"{path.relative_to(ROOT)}:{line}", text)
        for path in sorted(
            [
                *ROOT.glob("simulation/**/*.py"),
                *ROOT.glob("geometry/readers/*pla*.py"),
                ROOT / "geometry/readers/msp_calendars.py",
            ]
        )
        for line, text in faults(path)
    }
    assert len(said) > 200, "the code is found and read"
    bare = {
        (place, text, re.sub(r"§\d+§$", "", text).replace("it holds §1§", "it holds nothing")) for place, text in said
    }
    lacking = sorted(f"{place}: {text}" for place, text, cut in bare if not is_known(text) and not is_known(cut))
    assert not lacking, "in api/in_chinese.yaml are missing:\n" + "\n".join(lacking)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        (
            "/x/f.yaml: line 5: dimensions.a.nominal: nan is no number",
            "/x/f.yaml：第 5 行：dimensions.a.nominal：nan 不是数值",
        ),
        (
            "f.yaml: line 8: stations.mill.to: there is no station 'tst'; did you mean test?",
            "第 8 行：stations.mill.to：没有工位 'tst'；是否指 test？",
        ),
        ("f.yaml: line 2: it is no text in UTF-8; save it as UTF-8", "它不是 UTF-8 编码的文本；请另存为 UTF-8"),
        ("f.yaml: these tasks wait for each other: b → a → b", "这些任务互相等待：b → a → b"),
        (
            "p.xer: line 14, TASK A5: A5 Late: its duration is 'much', which is no number; "
            "more is wrong in line 19, TASKPRED",
            "p.xer：第 14 行，TASK A5：A5 Late：其持续时间为 'much'，不是数值；另有错误：line 19, TASKPRED",
        ),
    ],
)
def test_a_fault_of_a_document_in_chinese(text: str, chinese: str) -> None:
    assert chinese in in_chinese(text)


STEPS = re.compile(r"""\.progress\(f?"([^"]+)\"""")


def test_every_step_of_long_work_has_its_chinese() -> None:
    found = {
        re.sub(r"\{[^}]*\}", "§1§", text)
        for path in [*ROOT.glob("twin/operations/*.py"), *ROOT.glob("twin/scene/*.py")]
        for text in STEPS.findall(path.read_text("utf-8"))
    }
    words = [step.value for step in Step]
    steps = {one for one in found if not one.startswith("§")}
    steps |= {*words, *(f"{one} hall.ifc" for one in words), f"measuring ({FIRST_RUN})"}
    assert len(steps) > 8
    assert not [step for step in sorted(steps) if not in_chinese(step)]


def test_what_is_filled_in_stands_in_the_chinese() -> None:
    """All of it but what the English needs and the Chinese does not; and nothing that is not there."""
    holes = re.compile(r"\{([a-z_]+)\}")
    for english, chinese in _catalogue()["sentences"].items():
        assert set(holes.findall(chinese)) <= set(holes.findall(english)), english
        assert re.search("[\u4e00-\u9fff]", chinese), english
        values = {name: f"V{n}" for n, name in enumerate(holes.findall(english))}
        said = in_chinese(holes.sub(lambda hole, told=values: told[hole[1]], english))
        assert said, english
        assert [values[name] for name in holes.findall(chinese)] == re.findall(r"V\d+", said), english


@pytest.mark.parametrize(
    "sentence",
    [
        "pair P4 lies 1.20 m from where the others put it: pick it again, or leave it out",
        "the pairs do not fit one another: check that each is the same corner in scan and model",
        "the pairs leave the scan uncertain by 0.40 m: pick them farther apart, around what was scanned",
        "the surfaces about where the pairs put the scan do not fit it: check that they name the same corners",
        "the pairs fit one another, but another pose explains the scan clearly better (83% of it, not 40%), 7.2 m away "
        "and turned by 180 degrees: check that the pairs name the same corners in scan and model",
        "2 pairs cannot fix a pose: pick at least 3 that are not in a line",
        "the pairs lie in one place in the scan: pick them far apart",
        "the pairs lie in a line in the model: pick one well off it",
    ],
)
def test_refused_pairs_keep_their_figures(sentence: str) -> None:
    said = in_chinese(sentence)
    assert "点" in said
    assert all(value in said for value in re.findall(r"P?\d+(?:\.\d+)?%?", sentence))


def test_what_is_not_known_is_not_half_translated() -> None:
    for text in ("the moon is in the way", "hall.ifc: the moon is in the way; copy the file again", "", "a" * 5000):
        assert in_chinese(text) == ""


def test_names_of_people_and_files_stay_as_they_are() -> None:
    said = in_chinese("/data/my hall, draft 2.ifc: truncated: 5 of 7 points are there; copy the file again")
    assert said == "/data/my hall, draft 2.ifc：被截断：7 个点中只有 5 个；请重新复制文件"
    assert in_chinese("NCR-7 is under_review: close it first") == "NCR-7 的状态是“评审中”：请先关闭"
