"""Which table an object belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tables.matching import TableMatcher

TABLES = (
    "orders",
    "orders_archive",
    "customers",
    "order",
    "v2.items",
    "public.client",
    "crm.client",
    "caf\u00e9",
)


@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("orders.csv", "orders"),
        ("data/in/orders.csv", "orders"),
        ("data/in/ORDERS.CSV", "orders"),
        ("orders", "orders"),
        ("orders/2026/part-0.parquet", "orders"),
        ("lake/Orders/part-0", "orders"),
        ("orders_2026-01-31.csv", "orders"),
        ("orders-2026.csv.gz", "orders"),
        ("orders 1.csv", "orders"),
        ("orders_archive.csv", "orders_archive"),
        ("orders_archive_2026.csv", "orders_archive"),
        ("orders_archived.csv", "orders"),
        ("orders/orders_archive.csv", "orders_archive"),
        ("orders_archive/orders.csv", "orders_archive"),
        ("customers/orders_1.csv", "customers"),
        ("v2.items.csv", "v2.items"),
        ("v2.items_1.csv", "v2.items"),
        ("order.csv", "order"),
        ("orders2026.csv", None),
        ("ordersé.csv", None),
        ("my_orders.csv", None),
        ("my-orders/x.csv", None),
        ("reorders/x.csv", None),
        (".orders.csv", None),
        ("", None),
        ("/", None),
        ("v2/items.csv", "v2.items"),
        ("items_2026.csv", "v2.items"),
        ("client.csv", None),
        ("crm.client.csv", "crm.client"),
        ("cafe\u0301_1.csv", "caf\u00e9"),
        ("CAFE\u0301/1.csv", "caf\u00e9"),
    ],
)
def test_an_object_belongs_to_the_longest_table_name_that_matches(key: str, table: str | None) -> None:
    assert TableMatcher(TABLES).table_of(key) == table


def belongs(key: str, table: str) -> bool:
    """Tell the rule in the plainest way."""
    segments = key.lower().split("/")
    stem = segments[-1].rpartition(".")[0] or segments[-1]
    follows = stem[len(table) : len(table) + 1]
    return table in segments or (stem.startswith(table) and not follows.isalnum())


names = st.text("ab_.Ä1", min_size=1, max_size=5)


@given(tables=st.lists(names, max_size=5), key=st.text("abAB_.-/ä1", max_size=14))
def test_it_is_the_rule_of_the_design(tables: list[str], key: str) -> None:
    lowered = {table.lower() for table in tables}
    names = {table: table for table in lowered}
    for table in lowered:
        last = table.rpartition(".")[2] or table
        if [other.rpartition(".")[2] or other for other in lowered].count(last) == 1:
            names.setdefault(last, table)
    matching = sorted((name for name in names if belongs(key, name)), key=len)
    found = TableMatcher(tables).table_of(key)
    assert (found is None) == (not matching)
    assert found in {names[name] for name in matching if len(name) == len(matching[-1])} | {None}


def test_names_are_trimmed_and_counted_once() -> None:
    assert TableMatcher([" Orders ", "orders", "", "  "]).tables == ("orders",)
