"""M/M/1 with load 0.8 in other simulators, as their own documents write it; prints one JSON line.

    python queues.py simpy|ciw|salabim TIME

``TIME`` is how long is simulated; told are customers served, processor seconds, and the mean wait. No statistics of
states or levels are kept where the tool does not do so by itself.
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
    __import__(name)
    began = time.process_time()
    count, wait = {"simpy": with_simpy, "ciw": with_ciw, "salabim": with_salabim}[name](until)
    print(json.dumps({"customers": count, "seconds": time.process_time() - began, "wait": wait}))
