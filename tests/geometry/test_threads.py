"""Work side by side: the same answers with one thread and with several, and errors that arrive."""

import threading

import numba as nb
import pytest

from geometry.threads import both


@pytest.mark.parametrize("threads", [1, 2])
def test_both_give_their_answers_in_order_and_the_first_stays_in_this_thread(threads: int) -> None:
    before = nb.get_num_threads()
    nb.set_num_threads(min(threads, before))
    try:
        first, second = both(threading.get_ident, lambda: (threading.get_ident(), "b"))
    finally:
        nb.set_num_threads(before)
    assert first == threading.get_ident()
    assert second[1] == "b"
    assert (second[0] == first) == (threads == 1 or before == 1)


def _wrong() -> int:
    raise ArithmeticError("wrong")


def test_an_error_of_either_arrives() -> None:
    for tasks in ((_wrong, lambda: 1), (lambda: 1, _wrong)):
        with pytest.raises(ArithmeticError, match="wrong"):
            both(*tasks)
