"""M/M/1 with load 0.8 in other simulators, as their own documents write it; prints one JSON line.

    python queues.py simpy|simpy-line|ciw|salabim TIME

``TIME`` is how long is simulated; told are customers served, processor seconds, and the mean wait. No statistics of
states or levels are kept where the tool does not do so by itself. ``simpy-line`` is ten saturated stations with buffers
of three, a process each with a store between them; its customers are visits to stations.
"""

# pyright: basic, reportMissingImports=false
import json
import random
import sys
import time


def with_simpy(until: float) -> tuple[int, float]:
    """Run a resource and a process per customer."""
    import simpy

    env, rng, waits = simpy.Environment(), random.Random(1), []
    server = simpy.Resource(env, 1)

    def customer():
        came = env.now
        with server.request() as turn:
            yield turn
            waits.append(env.now - came)
            yield env.timeout(rng.expovariate(1.0))

    def source():
        while True:
            yield env.timeout(rng.expovariate(0.8))
            env.process(customer())

    env.process(source())
    env.run(until=until)
    return len(waits), sum(waits) / len(waits)


def with_simpy_line(until: float, stations: int = 10, room: int = 3) -> tuple[int, float]:
    """Run stations in a row: take a unit, work on it, put it into the next store as soon as that has room."""
    import simpy

    env, rng, visits = simpy.Environment(), random.Random(1), [0]
    stores = [simpy.Store(env, room) for _ in range(stations - 1)]

    def station(before, after):
        while True:
            unit = (yield before.get()) if before else env.now
            yield env.timeout(rng.expovariate(1.0))
            visits[0] += 1
            if after:
                yield after.put(unit)

    for number in range(stations):
        env.process(station(stores[number - 1] if number else None, stores[number] if number < stations - 1 else None))
    env.run(until=until)
    return visits[0], 0.0


def counted(run, until: float) -> int:
    """Return how many events simpy's loop takes for it, told by stepping through a tenth of it."""
    import simpy

    steps, step = [0], simpy.Environment.step

    def counting(self) -> None:
        steps[0] += 1
        step(self)

    simpy.Environment.step = counting
    run(until / 10)
    simpy.Environment.step = step
    return 10 * steps[0]


def with_ciw(until: float) -> tuple[int, float]:
    """Run a network of one node."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(0.8)], service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[1],
    )  # fmt: skip
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(until)
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return len(waits), sum(waits) / len(waits)


def with_salabim(until: float) -> tuple[int, float]:
    """Run components that yield."""
    import salabim as sim

    sim.yieldless(False)
    env = sim.Environment(random_seed=1, trace=False)
    waits = []

    class Source(sim.Component):
        def process(self):
            while True:
                yield self.hold(sim.Exponential(1.25).sample())
                Customer()

    class Customer(sim.Component):
        def process(self):
            came = env.now()
            yield self.request(server)
            waits.append(env.now() - came)
            yield self.hold(sim.Exponential(1.0).sample())
            self.release()

    server = sim.Resource("server", capacity=1)
    Source()
    env.run(till=until)
    return len(waits), sum(waits) / len(waits)


if __name__ == "__main__":
    name, until = sys.argv[1], float(sys.argv[2])
    __import__(name.split("-")[0])
    run = {"simpy": with_simpy, "simpy-line": with_simpy_line, "ciw": with_ciw, "salabim": with_salabim}[name]
    began = time.process_time()
    count, wait = run(until)
    told = {"customers": count, "seconds": time.process_time() - began, "wait": wait}
    print(json.dumps(told | ({"events": counted(run, until)} if name.startswith("simpy") else {})))
