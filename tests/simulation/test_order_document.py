"""Files of orders and their rules: read as written, refused with their place."""

import itertools
import random
from pathlib import Path

import pytest

from geometry.design import Element
from simulation.assembly.order_document import part_names, read_order
from simulation.assembly.precedence import Before, count_orders, read_rules
from simulation.errors import BadDocument
from tests.simulation.assembly_cases import box_with_lid


@pytest.fixture(scope="module")
def lidded() -> dict[str, Element]:
    return box_with_lid()


LIAISONS = {str(k + 1): k for k in range(5)}


@pytest.mark.parametrize(
    ("rules", "count"),
    [(["4 < 5", "5 < max(2, 3)", "2 < 1"], 12), (["4 < 5", "5 < max(2, 3)"], 30), (["4 < 5 < 2 < 1"], 5), ([], 120)],
)
def test_the_pen_is_assembled_in_so_many_orders(rules: list[str], count: int) -> None:
    assert count_orders(5, read_rules(rules, LIAISONS)) == count


@pytest.mark.parametrize("seed", range(60))
def test_rules_leave_the_orders_that_trying_all_finds(seed: int) -> None:
    dice = random.Random(seed)
    texts = list[str]()
    for _ in range(dice.randint(1, 4)):
        items = dice.sample("12345", dice.randint(2, 5))
        cut = dice.randint(1, len(items) - 1)
        sides = [
            part[0] if len(part) == 1 else f"{dice.choice(['min', 'max'])}({', '.join(part)})"
            for part in (items[:cut], items[cut:])
        ]
        texts.append(" < ".join(sides))
    expected = sum(all(_keeps(order, text) for text in texts) for order in itertools.permutations("12345"))
    if expected:
        assert count_orders(5, read_rules(texts, LIAISONS)) == expected
    else:
        with pytest.raises(BadDocument, match="wait for each other"):
            read_rules(texts, LIAISONS)


def _keeps(order: tuple[str, ...], text: str) -> bool:
    when = {item: number for number, item in enumerate(order)}
    early, late = (_when(side, when) for side in text.split("<"))
    return early < late


def _when(side: str, when: dict[str, int]) -> int:
    numbers = [when[item] for item in side if item.isdigit()]
    return min(numbers) if "min" in side else max(numbers)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order: 1\nbase: [nobody]\n", "line 2: base: 'nobody' is no element of the model"),
        ("order: 1\nbefore: ['pin < lid < pin']\n", "wait for each other"),
        ("order: 1\nbefore: ['pin lid']\n", r"before\[0\]: 'pin lid' is no element"),
        ("order: 1\nbefore: [pin < max(lid, box]\n", r"before\[0\]: 'max\(lid, box' lacks its closing bracket"),
        ("order: 1\nbefore: [pin < max(lid, box < lid]\n", r"'max\(lid, box' lacks its closing bracket"),
        ("order: 1\nsequence:\n- {place: pin}\n- {place: pin}\n", "step 2: .* step 1 already"),
        ("order: 1\nsequence:\n- {place: pin, together: [lid]}\n", "line 3: .* either"),
        ("order: 1\nsequence:\n- {place: pin, from: sideways}\n", "line 3: .*from: 'sideways' is none of"),
        ("order: 1\nsequence:\n- {place: pin, from: [0, 0, 0]}\n", "a direction needs a length"),
        ("order: 1\nbase: [box]\nsequence:\n- {place: box}\n", "it stands already"),
        ("order: 1\nfriction: 9\n", "line 2: friction"),
        ("order: 1\nbse: [box]\n", "did you mean base"),
        ("order: 1\ntools:\n- {for: pin, diameter_mm: -1, length_mm: 3}\n", "line 3: .*diameter_mm: -1 is not more"),
        ("order: 1\ncrane: {at: [0, 0, 0], capacity: {10: 1}, density: {IfcSlab: 3}}\n", "'default' is missing"),
        ("order: 1\ncrane: {at: [0, 0, 0], capacity: {10: 1, 20: 2}, density: {default: 3}}\n", "no more farther out"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(lidded: dict[str, Element], text: str, said: str) -> None:
    names = part_names([(name, name) for name in lidded])
    with pytest.raises(BadDocument, match=said):
        read_order(text.encode(), ".yaml", names)


@pytest.mark.parametrize(
    "rules",
    [
        ("1 < 2", "3 < max(4, 5)"),
        ("3 < max(4, 5, 1)", "1 < 2"),
        ("min(1, 2) < 3", "max(3, 4) < max(5, 1)"),
        ("1 < max(2, 3)", "2 < max(4, 5)", "4 < 5"),
        ("1 < max(2, 3) < 4",),
    ],
)
def test_rules_need_no_quotes_for_their_commas(rules: tuple[str, ...]) -> None:
    names = part_names([(name, name) for name in LIAISONS])
    bare, quoted = (
        read_order(f"order: 1\nbefore: [{', '.join(told)}]\n".encode(), ".yaml", names).rules
        for told in (rules, [f'"{rule}"' for rule in rules])
    )
    assert bare == quoted
    assert {rule.text for rule in bare} == set(rules)


def test_the_rules_of_the_documentation_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "assembly.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if line.startswith("before: "))
    names = part_names([(name, name) for name in ("column", "beam", "beam 1", "slab 1", "slab 2")])
    assert [rule.text for rule in read_order(f"order: 1\n{line}\n".encode(), ".yaml", names).rules] == [
        "column < beam", "beam 1 < max(slab 1, slab 2)",
    ]  # fmt: skip


def test_an_order_is_read_from_a_table_and_a_list() -> None:
    names = part_names([("1", "wall"), ("2", "slab"), ("3", "slab")])
    table = read_order(b"GlobalId,note\n2,x\nwall,y\n", ".csv", names)
    assert [step.parts for step in table.steps] == [(1,), (0,)]
    assert [step.parts for step in read_order(b'["3", ["1", "2"]]', ".json", names).steps] == [(2,), (0, 1)]
    for content, suffix, said in (
        (b"slab\n", ".csv", "several elements"),
        (b"{}", ".json", "no list"),
        (b"\xff", ".csv", "UTF-8"),
    ):
        with pytest.raises(BadDocument, match=said):
            read_order(content, suffix, names)


def test_a_rule_keeps_its_meaning_as_text() -> None:
    (rule,) = read_rules(["1 < max(2, 3)"], LIAISONS)
    assert isinstance(rule, Before)
    assert rule.allows(1, 0)
    assert not rule.allows(2, 0b10)
    assert rule.allows(2, 0b11)
