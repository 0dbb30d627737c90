"""Resources that several stations share: who gets them, who has to wait, who has to give them back."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simulation.flow.model import Need, Resource

if TYPE_CHECKING:
    from simulation.flow.engine import Engine


class Grant:
    """A wish for resources, all at once, and whether it is met."""

    __slots__ = ("call", "held", "lose", "needs", "priority", "quiet", "serial", "since")

    def __init__(
        self, needs: Sequence[Need], serial: int, call: Callable[[], None], lose: Callable[[], None] | None
    ) -> None:
        """Wish; ``call`` is called when it is met, ``lose`` when it is taken back for something more urgent."""
        self.needs, self.serial, self.call, self.lose = needs, serial, call, lose
        self.priority = max(need.priority for need in needs)
        self.held = self.quiet = False
        self.since = 0.0


class Pool:
    """One resource and its record."""

    __slots__ = ("busy", "count", "in_use", "last", "limit", "name", "others")

    def __init__(self, resource: Resource) -> None:
        """Be all there."""
        self.name, self.count, self.limit = resource.name, resource.count, resource.count
        self.in_use = 0
        self.busy = self.last = 0.0
        self.others = resource.other_work

    def change(self, now: float, by: int) -> None:
        """Take or give back."""
        self.busy += self.in_use * (now - self.last)
        self.last = now
        self.in_use += by

    def busy_until(self, now: float) -> float:
        """Return the time spent in work so far, summed over all of them."""
        return self.busy + self.in_use * (now - self.last)


class Pools:
    """All resources of a line."""

    def __init__(self, engine: "Engine", resources: Sequence[Resource]) -> None:
        """Be all free, nobody waiting."""
        self.engine = engine
        self.pools = {resource.name: Pool(resource) for resource in resources}
        self.waiting: list[Grant] = []
        self.holding: list[Grant] = []
        self.serial = 0
        self.serving = False

    def grant(
        self, needs: Sequence[Need], call: Callable[[], None], lose: Callable[[], None] | None, serial: int = -1
    ) -> Grant:
        """Return a wish that nobody has asked for yet; ``serial`` keeps an older turn."""
        self.serial += 1
        return Grant(needs, self.serial if serial < 0 else serial, call, lose)

    def ask(self, grant: Grant) -> bool:
        """Ask for what a wish says and return whether it is there at once; if not, its ``call`` follows when it is."""
        at = len(self.waiting)
        while at and _later(self.waiting[at - 1], grant):
            at -= 1
        self.waiting.insert(at, grant)
        grant.quiet = True
        self.serve()
        grant.quiet = False
        return grant.held

    def give_back(self, grant: Grant) -> None:
        """Give back what was granted, or stop waiting for it."""
        if grant.held:
            grant.held = False
            self.holding.remove(grant)
            for need in grant.needs:
                self.pools[need.resource].change(self.engine.env.now, -need.count)
            self.engine.serve_later()
        elif grant in self.waiting:
            self.waiting.remove(grant)

    def limit(self, name: str, count: int, pause: bool) -> None:
        """Let so many of a resource be at work from now on; what is too many stops where ``pause`` says so."""
        pool = self.pools[name]
        pool.limit = count
        if pause:
            victims = [grant for grant in self.holding if any(need.resource == name for need in grant.needs)]
            for grant in reversed(victims):
                if pool.in_use <= pool.limit:
                    break
                if grant.held:
                    self._take_back(grant)
        self.serve()

    def serve(self) -> None:
        """Give what is free to those whose turn it is; who needs more than there is lets the others by."""
        if self.serving:
            self.engine.serve_later()
            return
        self.serving = True
        again = True
        while again:
            again = False
            for grant in list(self.waiting):
                if grant in self.waiting and self._fits(grant):
                    self.waiting.remove(grant)
                    self._hold(grant)
                    again = True
        self.serving = False

    def _hold(self, grant: Grant) -> None:
        now = self.engine.env.now
        grant.held, grant.since = True, now
        self.holding.append(grant)
        for need in grant.needs:
            self.pools[need.resource].change(now, need.count)
        if not grant.quiet:
            grant.call()

    def _fits(self, grant: Grant) -> bool:
        """Return whether all is free, after taking back what a more urgent wish may take."""
        victims = list[Grant]()
        for need in grant.needs:
            pool = self.pools[need.resource]
            missing = need.count - (pool.limit - pool.in_use)
            if missing <= 0:
                continue
            if not need.preempt or need.count > pool.limit:
                return False
            found = self._weaker(need, grant.priority, missing)
            if not found:
                return False
            victims += [one for one in found if one not in victims]
        for victim in victims:
            self._take_back(victim)
        return True

    def _weaker(self, need: Need, priority: float, missing: int) -> list[Grant]:
        """Return holders of lower priority who together give enough, the least urgent and latest first; else none."""
        chosen, freed = list[Grant](), 0
        for grant in sorted(self.holding, key=lambda one: (one.priority, -one.since, -one.serial)):
            has = sum(one.count for one in grant.needs if one.resource == need.resource)
            if has and grant.priority < priority and grant.lose is not None:
                chosen.append(grant)
                freed += has
                if freed >= missing:
                    return chosen
        return []

    def _take_back(self, grant: Grant) -> None:
        """Take resources back from who holds them; it has to wait again, in its old turn."""
        if grant.lose is None:
            return
        grant.held = False
        self.holding.remove(grant)
        for need in grant.needs:
            self.pools[need.resource].change(self.engine.env.now, -need.count)
        grant.lose()


def _later(one: Grant, other: Grant) -> bool:
    return (one.priority, -one.serial) < (other.priority, -other.serial)
