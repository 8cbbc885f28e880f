"""Shares of a Lambda's time: none takes what the later ones are to have."""

from __future__ import annotations

from chalicelib.deadline import MARGIN_MILLISECONDS, Shares


class Clock:
    """A Lambda context whose time passes as a test says."""

    def __init__(self, usable_ms: int) -> None:
        self.left = usable_ms + MARGIN_MILLISECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left."""
        return self.left


def test_a_task_that_takes_all_it_can_leaves_the_others_theirs() -> None:
    clock = Clock(300)
    shares = Shares(clock, 3)
    for left_for_others in (200, 100, 0):
        has_time = shares.next()
        steps = 0
        while has_time():
            clock.left -= 1
            steps += 1
        assert (steps, clock.left - MARGIN_MILLISECONDS) == (100, left_for_others)


def test_what_a_task_leaves_is_shared_among_those_after_it() -> None:
    clock = Clock(300)
    shares = Shares(clock, 3)
    assert shares.next()()
    second = shares.next()
    clock.left -= 149
    assert second()
    clock.left -= 1
    assert not second()
    assert shares.next()()


def test_a_task_that_overran_leaves_the_later_ones_what_there_is() -> None:
    clock = Clock(300)
    shares = Shares(clock, 3)
    shares.next()
    clock.left = MARGIN_MILLISECONDS
    assert [shares.next()(), shares.next()()] == [False, False]


def test_without_a_lambda_there_is_no_end() -> None:
    shares = Shares(None, 1)
    assert shares.next()()
    assert shares.next()(), "a task more than was said"
