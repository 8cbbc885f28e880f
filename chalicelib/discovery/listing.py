"""The listing of discovery: exactly `prefix/<one folder>/<file>.csv`, in UTF-8 byte order.

Every folder is listed with a delimiter, so what lies deeper costs one entry. While a folder is read, the
first pages of the next ones are fetched: of eight when folders are small, of one when they are large, since
a large folder's own next page is fetched ahead too. Memory is bounded by those pages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from unicodedata import normalize

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.listing_page import ListedObject, ListingPage
from chalicelib.discovery.merge import END, Found, Gap
from chalicelib.discovery.state_document import unchanged_start
from chalicelib.logs import log
from chalicelib.settings import Settings

PARALLEL_FOLDERS = 8
SMALL_FOLDER = 200  # keys; a page of a thousand takes two megabytes while it is read
KEYS_BETWEEN_CLOCKS = 100

Listed = ListingPage | Gap


@dataclass(frozen=True, slots=True)
class Scope:
    """What discovery looks at; `own_prefixes` are Sluice's outputs.

    `skip_folders` and `ignored_names` (patterns of names of uploads under way) are in lower case.
    """

    prefix: str
    skip_folders: tuple[str, ...]
    own_prefixes: tuple[str, ...]
    ignored_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Scope:
        """Return what the settings say."""
        of_csv = tuple(
            one for one in settings.ignored_names if one[-1] in "v*?]"
        )  # others match no name in .csv
        return cls(settings.s3_prefix, settings.skip_folders, settings.own_outputs, of_csv)

    def covers(self, folder: str) -> bool:
        """Tell whether the folder (a prefix with its slash) is looked into."""
        name = self.name_of(folder)
        own = folder.startswith(tuple(prefix for prefix in self.own_prefixes if prefix))
        return bool(name) and normalize("NFC", name.lower()) not in self.skip_folders and not own

    def takes(self, key: str) -> bool:
        """Tell whether a scan would queue a file with this key."""
        folder = self.folder_of(key) if key.startswith(self.prefix) else ""
        return self.covers(folder) and "/" not in key[len(folder) :] and self.is_csv(key, len(folder))

    def is_csv(self, key: str, name_at: int) -> bool:
        """Tell whether a key's name, from `name_at` on, is a CSV file's; one with a dot first is hidden."""
        if key[-4:].lower() != ".csv" or key[name_at] == ".":
            return False
        name = key[name_at:].lower() if self.ignored_names else ""
        return not any(fnmatchcase(name, pattern) for pattern in self.ignored_names)

    def name_of(self, folder: str) -> str:
        """Return the folder's own name."""
        return folder[len(self.prefix) : -1]

    def folder_of(self, key: str) -> str:
        """Return the folder a key below the prefix lies in, with its slash; "" when it lies in none."""
        name, slash, _ = key[len(self.prefix) :].partition("/")
        return self.prefix + name + slash if slash else ""


def list_csv_files(
    source: Bucket, scope: Scope, resume_after: str, out_of_time: Callable[[], bool]
) -> Generator[list[Found] | Gap, None, None]:
    """Stream the CSV files after `resume_after` in blocks, and a Gap for every range that was not listed.

    Once a page that was not empty is read, `out_of_time` ends the listing with a last Gap.
    """
    if not resume_after.startswith(scope.prefix):  # the prefix is another one than last time
        resume_after = ""
    if resume_after:
        yield Gap("", resume_after + "\0", "resumed")
    pool = ThreadPoolExecutor(PARALLEL_FOLDERS)
    try:
        pages = _Pages(pool, source, scope, resume_after).in_order()
        yield from _files_of(pages, scope, resume_after, out_of_time)
    finally:
        pool.shutdown(cancel_futures=True)


def _files_of(
    pages: Iterator[tuple[str, Listed]], scope: Scope, position: str, out_of_time: Callable[[], bool]
) -> Iterator[list[Found] | Gap]:
    progressed = False
    for folder, page in pages:
        if isinstance(page, Gap):
            yield page
            continue
        name = scope.name_of(folder)
        for first in range(0, len(page.objects) or 1, KEYS_BETWEEN_CLOCKS):
            if progressed and out_of_time():
                yield Gap(position, END, "stopped")
                return
            block = page.objects[first : first + KEYS_BETWEEN_CLOCKS]
            yield [_found(item, name) for item in block if scope.is_csv(item.key, len(folder))]
            position = block[-1].key if block else position
        position = max(position, _last_of(page))
        progressed = progressed or bool(page.objects or page.prefixes)


def _found(item: ListedObject, folder: str) -> Found:
    start = unchanged_start(item.key, item.size, folder, item.etag)
    return Found(item.key, item.size, item.etag, folder, item.last_modified, start)


def _last_of(page: ListingPage) -> str:
    return max(page.objects[-1].key if page.objects else "", page.prefixes[-1] if page.prefixes else "")


def _end_of(folder: str) -> str:
    return folder[:-1] + "0"  # the character after the slash: sorts after all of the folder's keys


class _Pages:
    """The pages of all folders in order, fetched ahead by a pool of threads."""

    def __init__(self, pool: ThreadPoolExecutor, source: Bucket, scope: Scope, resume_after: str) -> None:
        self._pool = pool
        self._source = source
        self._scope = scope
        self._resume_after = resume_after
        self._folders_ahead = 1

    def in_order(self) -> Iterator[tuple[str, Listed]]:
        """Yield each folder's pages, or the Gap that a failed request leaves."""
        ahead: deque[tuple[str, Future[ListingPage]]] = deque()
        gap = None
        for folder in self._folders():
            if isinstance(folder, Gap):
                gap = folder
                break
            after = self._resume_after if self._resume_after.startswith(folder) else ""
            ahead.append((folder, self._fetch(folder, start_after=after)))
            while len(ahead) > self._folders_ahead:
                yield from self._folder(*ahead.popleft())
        while ahead:
            yield from self._folder(*ahead.popleft())
        if gap:
            yield "", gap

    def _folder(self, folder: str, first: Future[ListingPage]) -> Iterator[tuple[str, Listed]]:
        position, upcoming, listed = folder, first, 0
        while True:
            try:
                page = upcoming.result()
            except AWS_ERRORS as error:
                log.warning("folder not listed", extra={"folder": folder, "error": str(error)})
                yield folder, Gap(position, _end_of(folder), "failed")
                return
            listed += len(page.objects) + len(page.prefixes)
            if page.next_token:
                upcoming = self._fetch(folder, token=page.next_token)
            yield folder, page
            if not page.next_token:
                break
            position = _last_of(page)
        small = listed <= SMALL_FOLDER
        self._folders_ahead = min(self._folders_ahead * 2, PARALLEL_FOLDERS) if small else 1

    def _fetch(self, folder: str, token: str = "", start_after: str = "") -> Future[ListingPage]:
        def fetch() -> ListingPage:
            return self._source.list_page(folder, token=token, start_after=start_after, delimiter="/")

        return self._pool.submit(fetch)

    def _folders(self) -> Iterator[str | Gap]:
        """Yield the folders to list, first the one that the listing starts in: S3 does not show that one."""
        position = self._scope.folder_of(self._resume_after)
        if position and self._scope.covers(position):
            yield position
        start_after, token = position or self._resume_after, ""
        position = _end_of(position) if position else start_after
        while True:
            try:
                page = self._source.list_page(
                    self._scope.prefix, token=token, start_after=start_after, delimiter="/"
                )
            except AWS_ERRORS as error:
                log.warning("folders not listed", extra={"after": position, "error": str(error)})
                yield Gap(position, END, "failed")
                return
            for folder in page.prefixes:
                if folder != start_after and self._scope.covers(folder):
                    yield folder
            position = _end_of(page.prefixes[-1]) if page.prefixes else position
            start_after, token = "", page.next_token
            if not token:
                return
