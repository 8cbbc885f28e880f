"""JSON as people write it: fields given twice, values JSON has not, and the lines of what is given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.json_text import RepeatedFieldError, places, read_json


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "a": 3}}]'])
def test_a_field_given_twice_is_refused_by_name(text: str) -> None:
    with pytest.raises(RepeatedFieldError, match="'a' is given twice in one object"):
        read_json(text)


def test_whoever_wants_to_go_on_is_told_every_field_given_twice() -> None:
    seen: list[str] = []
    assert read_json('[{"a": 1, "a": 2}, {"b": 1, "c": 1, "b": 3, "c": 4}]', seen.append) == [
        {"a": 2},
        {"b": 3, "c": 4},
    ]
    assert seen == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "{", ""])
def test_what_json_has_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON value|Expecting"):
        read_json(text)


def _paths(value: Any, at: tuple[int | str, ...] = ()) -> list[tuple[int | str, ...]]:
    if not isinstance(value, dict | list):
        return []
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value)
    return [each for name, item in inside for each in [(*at, name), *_paths(item, (*at, name))]]


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)


@given(JSON, st.sampled_from([None, 0, 2]))
def test_every_item_and_field_has_its_place_in_the_order_of_the_text(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    found = list(places(text))
    assert [path for path, _ in found] == _paths(value)
    if indent is not None:
        lines = text.split("\n")
        for path, line in found:
            name = path[-1]
            assert not isinstance(name, str) or lines[line - 1].strip().startswith(json.dumps(name))
