"""Three-way comparison of a text that two people have edited."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from monitor.domain.configuration_edits import ChangedRegion

_Change = tuple[int, int, int]
"""Change of consecutive lines: its start, its end, and its growth.

The start is the index of the first changed line in the former text, and the end is the index after the last one. The
growth is the number of added lines minus the number of removed lines.
"""


def compare_three(base: str, theirs: str, mine: str) -> tuple[tuple[ChangedRegion, ...], str]:
    """Compare two edited texts with ``base``, the text before both edits. Return the changed regions and a merged text.

    The regions are the places at which at least one of the edited texts differs from ``base``. The merged text is
    ``mine`` with the changes of ``theirs`` in the regions that ``mine`` has not changed.
    """
    old, their_lines, my_lines = base.split("\n"), theirs.split("\n"), mine.split("\n")
    their_changes, my_changes = _list_changes(old, their_lines), _list_changes(old, my_lines)
    regions: list[ChangedRegion] = []
    merged: list[str] = []
    at = 0
    for start, end in _join_ranges([*their_changes, *my_changes]):
        first, last = _map_range(my_changes, start, end)
        region = ChangedRegion(
            first + 1,
            tuple(old[start:end]),
            tuple(their_lines[slice(*_map_range(their_changes, start, end))]),
            tuple(my_lines[first:last]),
        )
        regions.append(region)
        merged += [*my_lines[at:first], *(region.theirs if region.is_only_theirs else region.mine)]
        at = last
    return tuple(regions), "\n".join([*merged, *my_lines[at:]])


def _list_changes(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i1, i2, (j2 - j1) - (i2 - i1)) for tag, i1, i2, j1, j2 in opcodes if tag != "equal"]


def _join_ranges(changes: Sequence[_Change]) -> list[tuple[int, int]]:
    """Return the ranges of the former text that contain the changes.

    Overlapping ranges are joined. An insertion is also joined with a range that it touches.
    """
    ranges: list[tuple[int, int]] = []
    insertions = {start for start, end, _ in changes if start == end}
    for start, end, _ in sorted(changes):
        if ranges and (start < ranges[-1][1] or (start == ranges[-1][1] and start in insertions)):
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def _map_range(changes: Sequence[_Change], start: int, end: int) -> tuple[int, int]:
    """Return the range in an edited text that corresponds to a range of the former text.

    Each change must be completely inside or completely outside of the range.
    """
    before = sum(added for first, last, added in changes if last <= start and first < start)
    inside = sum(added for first, last, added in changes if start <= first and last <= end)
    return start + before, end + before + inside
