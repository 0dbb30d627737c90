"""Line balancing against working out every set of tasks that may be done."""

import numpy as np
import pytest

from simulation.schedule.line_balance import balance


def fewest(times: list[int], pairs: list[tuple[int, int]], cycle: int) -> int:
    """Return the fewest stations, by the least (stations, time in the last) of every set of tasks that may be done."""
    needs = [sum(1 << one for one, other in pairs if other == task) for task in range(len(times))]
    best = {0: (1, 0)}
    for done in range(1 << len(times)):
        if done not in best:
            continue
        stations, used = best[done]
        for task, lasts in enumerate(times):
            if done >> task & 1 or needs[task] & ~done:
                continue
            now = (stations, used + lasts) if used + lasts <= cycle else (stations + 1, lasts)
            then = done | 1 << task
            best[then] = min(best.get(then, now), now)
    return best[(1 << len(times)) - 1][0]


@pytest.mark.parametrize("seed", range(15))
def test_no_line_has_fewer_stations(seed: int) -> None:
    pytest.importorskip("ortools")
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 10))
    times = [int(rng.integers(1, 10)) for _ in range(count)]
    pairs = [(k, j) for j in range(count) for k in range(j) if rng.random() < 0.25]
    cycle = int(rng.integers(max(times), 2 * max(times) + 2))
    found = balance(times, pairs, cycle, 5.0)
    assert found.count == found.bound == fewest(times, pairs, cycle)
    loads = np.bincount(found.station, weights=times, minlength=found.count)
    assert loads.max() <= cycle
    assert all(found.station[before] <= found.station[after] for before, after in pairs)
