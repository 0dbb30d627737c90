"""``qtems stackup``: from a file to tables, JSON and a page."""

from pathlib import Path

import pytest

from api.cli import main
from tests.api.results import read_result

STACK = """\
stackup: 1
name: Lid & box
dimensions:
  box: {nominal: 20, tolerance: 0.1, cost: {scale: 1}}
  lid: {nominal: 19.7, tolerance: 0.1, cost: {scale: 4}}
requirements:
  gap: {formula: box - lid, lower: 0.1, upper: 0.5, conforming: GOAL}
allocate: {requirement: gap, ppm: 500}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "lid.yaml"
    path.write_text(STACK.replace("GOAL", "0.999"), encoding="utf-8")
    return path


def test_tables_json_and_page(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report"
    assert main(["stackup", str(stack), "--out", str(out), "--samples", "20000", "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "Lid & box" in told
    assert "合格率" in told
    assert "各尺寸相互独立" in told
    document = read_result(out / "stackup.json")
    assert document["schema"] == "qtems.stackup/1"
    gap = document["requirements"][0]
    assert gap["verdict"] == "pass"
    assert gap["worst_case"]["linear"] == pytest.approx([0.1, 0.5])
    assert gap["root_sum_square"] == pytest.approx(0.02**0.5)
    assert [row["share"] for row in gap["contributors"]] == pytest.approx([0.5, 0.5])
    after = document["allocation"]
    assert after["cost"] < after["cost_before"]
    assert after["ppm"] <= 500
    tolerances = after["tolerances"]
    assert tolerances["lid"]["tolerance"] / tolerances["box"]["tolerance"] == pytest.approx(4 ** (1 / 3), rel=0.01)
    page = (out / "stackup.html").read_text("utf-8")
    assert "Lid &amp; box" in page
    assert "<script" not in page
    assert "公差分析" in page


def test_the_same_seed_gives_the_same_bytes(stack: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        main(
            [
                "stackup",
                str(stack),
                "--out",
                str(tmp_path / name),
                "--samples",
                "2000",
                "--method",
                "qmc",
                "--seed",
                "5",
            ]
        )
    for file in ("stackup.json", "stackup.html"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_a_goal_that_is_not_shown_is_status_1(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack.write_text(STACK.replace("GOAL", "0.99999999"), encoding="utf-8")
    assert main(["stackup", str(stack), "--samples", "1000"]) == 1
    assert "cannot be told" in capsys.readouterr().out


BENT = """
stackup: 1
dimensions: {a: {nominal: 30, tolerance: 0.06}, b: {nominal: 40, tolerance: 0.09}}
requirements: {off: {formula: (a - 30)^2 + 0.0001 * b, upper: 1}}
"""


def test_the_screen_says_as_the_page_what_a_bent_spread_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bent.yaml"
    path.write_text(BENT, encoding="utf-8")
    assert main(["stackup", str(path)]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    # flat in a at the nominal value; variances 2 * 0.02^4 of a and (0.0001 * 0.03)^2 of b: 99.997 % and 0.003 %
    assert ["a", "100.0", "%"] in shown
    assert ["b", "0.0", "%"] in shown


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("lower: 0.1", "lower: x"), "lid.yaml: line 7: requirements.gap.lower: 'x' is no number"),
        (("ppm: 500", "ppm: 1e-9"), ""),
        (("scale: 1}", "scale: 1, tightest: 1}"), "allocate: with the tightest tolerances"),
    ],
)
def test_a_bad_file_is_one_line_and_status_2(
    stack: Path, change: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.write_text(stack.read_text("utf-8").replace(*change), encoding="utf-8")
    code = main(["stackup", str(stack), "--samples", "500"])
    told = capsys.readouterr()
    if not says:
        assert code in (0, 1)
        return
    assert code == 2
    assert told.err.count("\n") == 1
    assert says in told.err
    assert "Traceback" not in told.err


def test_no_such_file_and_no_such_folder(tmp_path: Path, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stackup", str(tmp_path / "none.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["stackup", str(stack), "--out", str(stack)]) == 2
    assert "a file is in the way" in capsys.readouterr().err


@pytest.mark.parametrize("formula", ["exp(100*box)", "1e25*box*1e23*exp(4*box)", "1/(box-lid)", "exp(200*box*lid)"])
def test_a_value_without_bound_is_no_value(formula: str, tmp_path: Path) -> None:
    path, out = tmp_path / "wild.yaml", tmp_path / "report"
    path.write_text(
        "stackup: 1\ndimensions:\n  box: {nominal: 1, tolerance: 1}\n  lid: {nominal: 0.5, tolerance: 0.5}\n"
        f"requirements:\n  gap: {{formula: {formula}, upper: -5, conforming: 0.5}}\n"
    )
    assert main(["stackup", str(path), "--out", str(out), "--samples", "1000"]) == 1
    (gap,) = read_result(out / "stackup.json")["requirements"]
    assert gap["verdict"] == "fail"


def test_a_file_without_end_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stackup", "/dev/zero"]) == 2
    assert (
        capsys.readouterr().err == "qtems: /dev/zero: larger than 16 MiB; a text such as the one in docs is expected\n"
    )


def test_more_samples_than_memory_may_hold_are_refused(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["stackup", str(stack), "--samples", "10000001"])
    assert "from 100 to 10000000" in capsys.readouterr().err


def test_memory_does_not_grow_with_the_dimensions(stack: Path) -> None:
    import tracemalloc

    import numpy as np

    from simulation.stackup.document import read_stack
    from simulation.stackup.sampling import MONTE_CARLO, simulate

    lids = "".join(f"  lid{index}: {{nominal: 0.1, tolerance: 0.01}}\n" for index in range(98))
    many = read_stack(stack.read_bytes().replace(b"requirements:", lids.encode() + b"requirements:", 1)).stack
    tracemalloc.start()
    simulate(many, 2**18, MONTE_CARLO, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**18 * 100 * 8 / 2
