"""File names that almost match a job: which, and what differs. Pure.

Jobs are found by the pairs of letters that they share with a name, so that thousands of jobs cost no more
than their index, which is made once; only the likeliest are compared letter by letter. A `*` is no letter:
what it may stand for is taken from the name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from chalicelib.api.answers import Body
from chalicelib.landing.jobs import WILDCARD, Job, claimed_name

SIMILAR = 0.72  # of 1: customer.csv and customers.csv are at 0.96
MAX_MISSES = 3
MAX_COMPARED = 20  # jobs of a config with each name
MAX_SHARING = 500  # jobs of one pair of letters: a pair that more have tells nothing
MAX_NAME = 200
SHIFTS = (0, -1, 1)  # by which the part of a name that stands for a literal may be longer

Index = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A job whose name is close: `differs` says in words what would have to change in the file's name."""

    job_id: str
    source_file_name: str
    is_active: bool
    similarity: float
    differs: str

    def shown(self) -> Body:
        """Return it as JSON has it."""
        return asdict(self)


def near_misses(key: str, jobs: tuple[Job, ...]) -> list[NearMiss]:
    """Return the jobs whose `source_file_name` is most like the key's last segment, most alike first."""
    name = claimed_name(key)[:MAX_NAME]
    index = _index(_Same(jobs))
    misses = [miss for job in _likeliest(name, index, jobs) if (miss := _miss(name, job))]
    return sorted(misses, key=lambda miss: (-miss.similarity, miss.job_id))[:MAX_MISSES]


def difference(name: str, expected: str) -> str:
    """Say what differs between a file's name and the one expected, in words."""
    matcher = SequenceMatcher(None, name, expected, autojunk=False)
    parts = [
        _said(name[a:b], expected[c:d], expected[:c])
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
    return ", ".join(parts)


class _Same:
    """Jobs as a cache knows them: by the tuple itself, whose jobs need not be hashed."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        self.jobs = jobs

    def __hash__(self) -> int:
        return id(self.jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.jobs is other.jobs


@lru_cache(maxsize=2)
def _index(same: _Same) -> Index:
    index: defaultdict[str, list[int]] = defaultdict(list)
    for number, job in enumerate(same.jobs):
        literals = WILDCARD.split(claimed_name(job.source_file_name)[:MAX_NAME])
        for pair in {pair for literal in literals for pair in _pairs(literal)}:
            index[pair].append(number)
    return index


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _likeliest(name: str, index: Index, jobs: Sequence[Job]) -> list[Job]:
    lists = [index[pair] for pair in sorted(_pairs(name)) if pair in index]
    telling = [numbers for numbers in lists if len(numbers) <= MAX_SHARING]
    shared = Counter(number for numbers in telling for number in numbers)
    if len(shared) < MAX_COMPARED:
        shared.update(number for numbers in lists for number in numbers[:MAX_SHARING])
    return [jobs[number] for number, _ in shared.most_common(MAX_COMPARED)]


def _miss(name: str, job: Job) -> NearMiss | None:
    expected = claimed_name(job.source_file_name)[:MAX_NAME]
    literals = WILDCARD.split(expected)
    meant = expected if len(literals) == 1 else _filled(name, literals)
    similarity = _similarity(name, meant)
    if similarity < SIMILAR:
        return None
    words = difference(name, meant)
    if len(literals) > 1:
        words = f"it does not fit the pattern {expected!r}" + (f": {words}" if words else "")
    return NearMiss(job.job_id, job.source_file_name, job.is_active, round(similarity, 2), words)


def _filled(name: str, literals: list[str]) -> str:
    """Return the name most like `name` that a pattern takes: its wildcards stand for parts of `name`."""
    head, tail = literals[0], literals[-1]
    start = max(SHIFTS, key=lambda shift: _similarity(name[: max(len(head) + shift, 0)], head))
    end = max(SHIFTS, key=lambda shift: _similarity(name[max(len(name) - len(tail) - shift, 0) :], tail))
    middle = name[max(len(head) + start, 0) : max(len(name) - len(tail) - end, 0)]
    return head + middle + tail


def _similarity(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _said(found: str, expected: str, before: str) -> str:
    where = f"after {before[-20:]!r}" if before else "at the start"
    if not found:
        return f"{expected!r} is missing {where}"
    if not expected:
        return f"{found!r} is too much {where}"
    return f"{found!r} stands where {expected!r} is expected {where}"
