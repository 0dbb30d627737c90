"""First-pass yield of a battery line from 92 % to 98 %: what monitoring has to see, and what its alarms cost.

    .venv/bin/python examples/battery_line.py [--runs 20]

Yield is 1 - p (1 - r e): p spoiled, r caught by the monitor (recall), e put right by the intervention. So from 92 % to
98 % r e has to be 0.75 at least, whatever the monitor is made of. How many good cells it stops on the way is decided by
how far apart the scores of good and bad cells lie. All lines are simulated on the same random numbers.
"""

import argparse
from pathlib import Path

from simulation.experiment.estimate import Rule
from simulation.flow.classifier import classifier, needed_recall
from simulation.flow.document import read_line
from simulation.flow.study import Plan, Study, compare, study
from simulation.stackup.capability import Estimate

HERE = Path(__file__).parent / "battery_line"
SPOILED, GOAL, EFFECT, RECALL, SEPARATION = 0.08, 0.98, 0.9, 0.85, 2.5
ROW = "{:20} {:22} {:20} {:18} {:>9} {:>10}"


def simulated(text: str, runs: int) -> Study:
    """Return the study of a line's document, ``runs`` runs."""
    found = read_line(text.encode())
    return study(found.line, Plan(Rule(runs, runs), warm_up=found.plan.warm_up))


def percent(found: Estimate) -> str:
    """Return a share with its 95 % interval."""
    return f"{100 * found.value:.2f} % ({100 * found.interval.low:.2f}–{100 * found.interval.high:.2f})"


def main() -> None:
    """Print what is needed, what the line does today, and what monitoring changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    reached = 1.0 - SPOILED * (1.0 - RECALL * EFFECT)
    print(f"To reach {GOAL:.0%}: recall x effectiveness >= {needed_recall(SPOILED, GOAL, 1.0):.2f}.")
    print(f"Interventions put {EFFECT:.0%} right, so recall >= {needed_recall(SPOILED, GOAL, EFFECT):.3f}.")
    print(f"The monitor is set to {RECALL}: yield {reached:.2%} by the formula. Simulated, with 95 % intervals:\n")
    print(ROW.format("", "first-pass yield", "points more", "alarms (formula)", "fixing", "lead time"))
    today = simulated((HERE / "today.yaml").read_text("utf-8"), runs)
    hours = f"{today.estimate('lead_time').value / 60:.1f} h"
    print(ROW.format("today", percent(today.estimate("test.first_pass")), "", "", "", hours))
    text = (HERE / "monitored.yaml").read_text("utf-8")
    for separation in (1.5, 2.0, SEPARATION, 3.0):
        found = simulated(text.replace(f"separation: {SEPARATION}", f"separation: {separation}"), runs)
        gain = compare(today, found)["test.first_pass"].difference
        rate = (1.0 - SPOILED) * classifier(separation, RECALL).false_reject + SPOILED * RECALL
        alarms = f"{found.estimate('monitor.rejected').value:.1%} ({rate:.1%})"
        busy, hours = found.estimate("intervene.busy").value, found.estimate("lead_time").value / 60
        first, points = percent(found.estimate("test.first_pass")), percent(gain).replace(" %", "")
        share, lead = f"{busy:.0%}", f"{hours:.1f} h"
        print(ROW.format(f"monitored, d′ = {separation}", first, points, alarms, share, lead))
    print("\nWhere fixing is busy all the time there are more alarms than it can look at: cells wait without end.")


if __name__ == "__main__":
    main()
