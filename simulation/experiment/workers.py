"""Replications in other processes: on this machine, or on dask's workers. The numbers are the same."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from simulation.errors import SimulationError

T = TypeVar("T")
Batches = Callable[[Sequence[int]], Iterable[T]]
BACKENDS = ("processes", "dask")


@contextmanager
def together(one: Callable[[int], T], workers: int, backend: str = "processes") -> Generator[Batches[T]]:
    """Give a function that makes several replications at once and yields them in order.

    Parameters
    ----------
    one
        Makes one replication from its number; it is sent to the workers, so it has to be a function of a module.
    workers
        How many.
    backend
        ``processes``, or ``dask``: a cluster of its own on this machine.

    Raises
    ------
    SimulationError
        dask is asked for and not installed.
    """
    if backend == "dask":
        with _dask(one, workers) as batches:
            yield batches
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield lambda numbers: pool.map(one, numbers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _dask(one: Callable[[int], T], workers: int) -> Generator[Batches[T]]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise SimulationError("dask is not installed here; get it with: pip install 'qtems[dask]'") from None
    cluster: Any = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
    with cluster, Client(cluster) as client:

        def batches(numbers: Sequence[int]) -> Iterator[T]:
            futures: Any = client.map(one, list(numbers), pure=False)
            for future in futures:
                yield future.result()

        yield batches
