"""Walk over a bucket that may be too large for one run: the next run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.listing_page import ListedObject

See = Callable[[list[ListedObject]], bool]


def walk(
    bucket: Bucket,
    prefix: str,
    cursor: ListingCursor,
    has_time: Callable[[int], bool],
    see: See,
    *,
    is_kept: Callable[[], bool] = lambda: False,
) -> bool:
    """Show `see` page after page of the listing, from the cursor on; tell whether the end was reached.

    `has_time` is asked before each page, given the number of pages seen. `see` returns whether it dealt with
    the whole page: if not, the next run sees that page again. A walk that ends in one run costs no write,
    unless `is_kept` asks after a page to keep the place, in case this process is killed.
    """
    began = after = cursor.find()
    kept, seen, token = began, 0, ""
    while has_time(seen):
        page = bucket.list_page(prefix, token=token, start_after=began)
        if not see(page.objects):
            break
        if not page.next_token:
            if kept:
                cursor.clear()
            return True
        after = page.objects[-1].key if page.objects else after
        token = page.next_token
        seen += 1
        if is_kept():
            cursor.store(after)
            kept = after
    if after != kept:
        cursor.store(after)
    return False
