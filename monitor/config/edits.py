"""What is to become of an edited configuration: taken over, refused, or held until the user confirms it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from monitor.config.document import parse_document
from monitor.config.load import Check, read_configuration
from monitor.domain.archive import Snapshot
from monitor.domain.errors import ConfigError, Fault
from monitor.domain.settings import Configuration

FEWEST_LOST = 2
"""So many sources at least must go before it looks like an accident: the only one may be exchanged for another."""


class Kind(StrEnum):
    """What became of an edit."""

    TAKEN = "taken"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Change:
    """An edit and what became of it. ``configuration`` is there if it was taken, ``faults`` say why if it was not.

    ``message`` is for people, with line and column. ``fresh`` is false if the same was told before.
    """

    kind: Kind
    message: str
    configuration: Configuration | None = None
    faults: tuple[Fault, ...] = ()
    fresh: bool = True


def fingerprint(data: bytes) -> str:
    """Return the hash by which a user's confirmation names a file."""
    return sha256(data).hexdigest()


def judge_edit(
    data: bytes, path: Path, environ: Mapping[str, str], checks: Sequence[Check], good: Snapshot | None, accepted: str
) -> Change:
    """Judge the bytes of an edited file against the last good configuration.

    ``accepted`` is the fingerprint of a file whose losses the user has confirmed.
    """
    try:
        configuration = read_configuration(data, path, environ, checks)
    except ConfigError as error:
        return refuse_edit(path, error, good)
    lost = lost_sources(good.text, configuration) if good and good.text.encode() != data else ()
    if lost and fingerprint(data) != accepted:
        shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
        text = (
            f"more than half of the sources are gone ({shown}); bring them back, or confirm by: "
            f"monitor check --accept --config {path}"
        )
        fault = Fault(str(path), 1, 1, text)
        return Change(Kind.HELD, _stays(path, "is held back", good, (fault,)), faults=(fault,))
    counts = f"{len(configuration.sources)} sources, {len(configuration.watch.rules)} rules"
    return Change(Kind.TAKEN, f"{path} is in use now: {counts}.", configuration)


def refuse_edit(path: Path, error: ConfigError, good: Snapshot | None) -> Change:
    """Say that a file cannot be used, with every fault."""
    count = len(error.faults)
    what = f"has {count} fault{'' if count == 1 else 's'} and is not taken over"
    return Change(Kind.REFUSED, _stays(path, what, good, error.faults), faults=error.faults)


def _stays(path: Path, what: str, good: Snapshot | None, faults: Sequence[Fault]) -> str:
    stays = f"; the configuration of {good.loaded_at:%Y-%m-%d %H:%M} UTC stays in use" if good else ""
    return "\n".join([f"{path} {what}{stays}:", *map(str, faults)])


def lost_sources(before: str, after: Configuration) -> tuple[str, ...]:
    """Return the sources that an edit takes away, if they are more than half of those there were."""
    tree = parse_document(before.encode()).value
    sources = tree.get("sources") if isinstance(tree, dict) else None
    known = list(sources) if isinstance(sources, dict) else []
    left = {source.id for source in after.sources}
    lost = tuple(name for name in known if name not in left)
    return lost if len(lost) >= FEWEST_LOST and 2 * len(lost) > len(known) else ()
