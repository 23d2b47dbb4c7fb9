"""Search for sources and officials whose id was changed by an edit of the configuration.

An id was probably renamed if it was removed, and a new id has the same address (sources) or name (officials).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.config.included_files import FileSet
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigIssue
from monitor.domain.source import SourceKind
from monitor.text.fold import fold_written


def find_renamed_ids(
    previous: Any, configuration: Configuration, read_files: Callable[[], FileSet]
) -> list[ConfigIssue]:
    """Return a warning for each new id of a source or official that was probably another id before.

    The warning suggests to list the old id under the key ``formerly`` of the entry. There is no warning if the old id
    is already listed there.

    - ``previous`` is the previous configuration as plain values, and ``configuration`` the present one.
    - ``read_files`` returns the present files, in which the line and column of each warning are found. It is called
      only if there is a warning.
    """
    sources, officials = _section(previous, "sources"), _section(previous, "officials")
    known_sources = {source.id for source in configuration.sources}
    known_officials = {official.id for official in configuration.watchlist.officials}
    gone_sources = {
        address: old for old, entry in sources.items() if old not in known_sources for address in _list_addresses(entry)
    }
    gone_officials = {
        fold_written(str(entry.get("name", ""))): old
        for old, entry in officials.items()
        if old not in known_officials and isinstance(entry, dict)
    }
    found = [
        ("sources", source.id, gone_sources[source.url], "address")
        for source in configuration.sources
        if source.id not in sources and gone_sources.get(source.url, source.id) not in {*source.formerly, source.id}
    ]
    found += [
        ("officials", official.id, old, "name")
        for official in configuration.watchlist.officials
        if official.id not in officials
        and (old := gone_officials.get(fold_written(official.name)))
        and old not in official.formerly
    ]
    if not found:
        return []
    issues, files = [], read_files()
    for section, new, old, what in found:
        file, path = files.find_file((section, new))
        message = (
            f"{new} has the {what} of {old}, which is not in the file any more; "
            f"if it is the same, add formerly: [{old}] to keep its history"
        )
        issues.append(file.build_issue(file.document.find_position(path, prefer_key=True), message))
    return issues


def _section(tree: Any, name: str) -> Mapping[str, Any]:
    found = tree.get(name) if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


def _list_addresses(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        return
    for kind in SourceKind:
        value = entry.get(str(kind))
        address = value.get("url") if isinstance(value, dict) else value
        if isinstance(address, str):
            yield address
