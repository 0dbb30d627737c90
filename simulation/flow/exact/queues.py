"""Queues in closed form: one or several servers, a limited room, networks with feedback, machines under repair."""

from dataclasses import dataclass
from math import factorial, inf

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import NoSolution


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queue comes to in the long run; times in the unit of the rates."""

    load: float
    """Of each server."""
    waiting: float
    """Units that wait, on average (Lq)."""
    wait: float
    """Time that a unit waits (Wq)."""
    in_system: float
    """Units there (L)."""
    time: float
    """Time that a unit is there (W)."""
    must_wait: float
    """Share of the units that have to wait."""
    lost: float = 0.0
    """Share of the units that find no room."""
    empty: float | None = None
    """Share of the time in which no unit is there (P0); None: not worked out."""


def birth_death(births: FloatArray, deaths: FloatArray) -> FloatArray:
    """Return the long-run shares of time with 0 … n there, (n + 1,).

    Parameters
    ----------
    births, deaths
        (n,) rates up from 0 … n - 1 and down from 1 … n.
    """
    weights = np.concatenate([[1.0], np.cumprod(births / deaths)])
    return weights / weights.sum()


def erlang(arrivals: float, rate: float, servers: int = 1) -> Queue:
    """Return M/M/c (Erlang 1917): random arrivals, exponential service, any number may wait.

    Raises
    ------
    NoSolution
        More comes than can be served.

    Examples
    --------
    >>> erlang(8.0, 3.0, 3).wait
    0.7975...
    """
    offered = arrivals / rate
    load = offered / servers
    if load >= 1.0:
        raise NoSolution(f"{arrivals:g} come and {servers} x {rate:g} can be served: the queue grows without end")
    tail = offered**servers / (factorial(servers) * (1.0 - load))
    empty = 1.0 / (sum(offered**k / factorial(k) for k in range(servers)) + tail)
    must_wait = tail * empty
    waiting = must_wait * load / (1.0 - load)
    wait = waiting / arrivals
    return Queue(load, waiting, wait, waiting + offered, wait + 1.0 / rate, must_wait, empty=empty)


def pollaczek(arrivals: float, mean: float, scv: float) -> Queue:
    """Return M/G/1 (Pollaczek 1930, Khinchine 1932); ``scv`` is variance / mean² of the service.

    Examples
    --------
    >>> pollaczek(0.8, 1.0, 0.0).wait
    2.0...
    """
    load = arrivals * mean
    if load >= 1.0:
        raise NoSolution(f"{arrivals:g} come and {1.0 / mean:g} can be served: the queue grows without end")
    wait = 0.5 * load * mean * (1.0 + scv) / (1.0 - load)
    return Queue(load, arrivals * wait, wait, arrivals * (wait + mean), wait + mean, load)


def limited(arrivals: float, rate: float, servers: int, room: int) -> Queue:
    """Return M/M/c/K: who finds ``room`` units there is lost.

    Examples
    --------
    >>> round(limited(0.8, 1.0, 1, 5).lost, 7)
    0.0888195
    """
    up = np.full(room, arrivals)
    down = rate * np.minimum(np.arange(1, room + 1), servers)
    shares = birth_death(up, down)
    there = np.arange(room + 1)
    enters = arrivals * (1.0 - float(shares[-1]))
    waiting = float(shares @ np.maximum(there - servers, 0))
    in_system = float(shares @ there)
    must_wait = float(shares[servers:-1].sum()) / (1.0 - float(shares[-1]))
    return Queue(
        enters / (rate * servers),
        waiting,
        waiting / enters,
        in_system,
        in_system / enters,
        must_wait,
        float(shares[-1]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """An open network of queues in the long run."""

    rates: FloatArray
    """(n,) units that come to each station per time, those that come back included."""
    queues: tuple[Queue, ...]
    in_system: float
    time: float
    """From entering the network to leaving it."""


def jackson(arrivals: FloatArray, passes: FloatArray, rates: FloatArray, servers: FloatArray) -> Network:
    """Return an open network of M/M/c stations (Jackson 1957).

    Parameters
    ----------
    arrivals
        (n,) from outside.
    passes
        (n, n) share of what leaves i that goes to j.
    rates, servers
        (n,) of one server, and how many.
    """
    came = np.asarray(np.linalg.solve(np.eye(len(arrivals)) - passes.T, arrivals), dtype=np.float64)
    queues = tuple(
        erlang(float(flow), float(rate), int(count)) for flow, rate, count in zip(came, rates, servers, strict=True)
    )
    in_system = sum(queue.in_system for queue in queues)
    return Network(came, queues, in_system, in_system / float(arrivals.sum()))


def repair_shop(machines: int, crews: int, failure: float, repair: float) -> tuple[float, float]:
    """Return the machines down on average and the share of machine time that is up (M/M/c//K).

    Examples
    --------
    >>> [round(value, 6) for value in repair_shop(5, 1, 0.1, 0.5)]
    [1.424339, 0.715132]
    """
    down = np.arange(machines + 1)
    up = np.asarray(failure * (machines - down[:-1]), dtype=np.float64)
    shares = birth_death(up, np.asarray(repair * np.minimum(down[1:], crews), dtype=np.float64))
    mean = float(shares @ down)
    return mean, 1.0 - mean / machines


def effective_time(mean: float, scv: float, failure: float, repair: float, repair_scv: float) -> tuple[float, float]:
    """Return mean and squared variation of a work time with failures in it (Hopp & Spearman, Factory Physics, 8.4).

    Parameters
    ----------
    mean, scv
        Of the undisturbed work.
    failure, repair
        Mean time of work to a failure, mean repair.
    repair_scv
        Squared variation of repairs; 1 for exponential ones.

    Examples
    --------
    >>> effective_time(15.0, 0.05, 744.0, 248.0, 1.0)
    (20.0, 6.25)
    """
    up = failure / (failure + repair)
    return mean / up, scv + (1.0 + repair_scv) * up * (1.0 - up) * repair / mean


def practical_worst(rate: float, raw_time: float, stock: int) -> tuple[float, float]:
    """Return throughput and lead time of the practical worst case with a constant stock (Factory Physics, 7.3).

    Exact for balanced single exponential stations in a row: w / (W0 + w - 1) of the bottleneck's rate.
    """
    critical = rate * raw_time
    throughput = stock / (critical + stock - 1.0) * rate
    return throughput, stock / throughput if throughput else inf
