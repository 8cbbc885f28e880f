"""Calls side by side: their order, their failures, and that nothing is left running."""

from __future__ import annotations

import threading

import pytest

from chalicelib import parallel


def test_results_come_in_the_order_of_the_inputs_from_several_threads() -> None:
    together = threading.Barrier(3, timeout=10)

    def square(number: int) -> int:
        together.wait()  # passes only when three run at once
        return number * number

    assert parallel.each(square, [1, 2, 3]) == [1, 4, 9]


def test_the_first_failure_is_raised_once_all_have_ended() -> None:
    failed = threading.Event()
    ended: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            failed.set()
            raise ValueError(number)
        failed.wait(10)
        ended.append(number)

    with pytest.raises(ValueError, match="0"):
        parallel.each(work, range(20))

    assert sorted(ended) == list(range(1, 20))


def test_a_death_in_a_thread_is_the_callers_death() -> None:
    def die(_number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parallel.each(die, [1, 2])
