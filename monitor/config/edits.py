"""What is to become of an edited configuration: taken over, refused, or held until the user confirms it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from monitor.config.document import parse_yaml
from monitor.config.load import ConfigurationCheck, parse_configuration
from monitor.domain.archive import SavedConfiguration
from monitor.domain.errors import ConfigError, ConfigIssue
from monitor.domain.settings import Configuration

MIN_REMOVED_SOURCES = 2
"""So many sources at least must go before it looks like an accident: the only one may be exchanged for another."""


class ReloadOutcome(StrEnum):
    """What became of an edit."""

    APPLIED = "taken"
    REJECTED = "refused"
    AWAITING_CONFIRMATION = "held"


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """An edit and what became of it. ``configuration`` is there if it was taken, ``faults`` say why if it was not.

    ``message`` is for people, with line and column. ``fresh`` is false if the same was told before.
    """

    outcome: ReloadOutcome
    message: str
    configuration: Configuration | None = None
    issues: tuple[ConfigIssue, ...] = ()
    is_new: bool = True


def hash_configuration(data: bytes) -> str:
    """Return the hash by which a user's confirmation names a file."""
    return sha256(data).hexdigest()


def evaluate_edit(
    data: bytes,
    path: Path,
    environ: Mapping[str, str],
    checks: Sequence[ConfigurationCheck],
    last_good: SavedConfiguration | None,
    accepted_hash: str,
) -> ReloadResult:
    """Judge the bytes of an edited file against the last good configuration.

    ``accepted`` is the fingerprint of a file whose losses the user has confirmed.
    """
    try:
        configuration = parse_configuration(data, path, environ, checks)
    except ConfigError as error:
        return reject_edit(path, error, last_good)
    lost = find_removed_sources(last_good.text, configuration) if last_good and last_good.text.encode() != data else ()
    if lost and hash_configuration(data) != accepted_hash:
        shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
        text = (
            f"more than half of the sources are gone ({shown}); bring them back, or confirm by: "
            f"monitor check --accept --config {path}"
        )
        fault = ConfigIssue(str(path), 1, 1, text)
        return ReloadResult(
            ReloadOutcome.AWAITING_CONFIRMATION,
            _format_not_applied_message(path, "is held back", last_good, (fault,)),
            issues=(fault,),
        )
    counts = f"{len(configuration.sources)} sources, {len(configuration.watchlist.rules)} rules"
    return ReloadResult(ReloadOutcome.APPLIED, f"{path} is in use now: {counts}.", configuration)


def reject_edit(path: Path, error: ConfigError, last_good: SavedConfiguration | None) -> ReloadResult:
    """Say that a file cannot be used, with every fault."""
    count = len(error.issues)
    what = f"has {count} fault{'' if count == 1 else 's'} and is not taken over"
    return ReloadResult(
        ReloadOutcome.REJECTED, _format_not_applied_message(path, what, last_good, error.issues), issues=error.issues
    )


def _format_not_applied_message(
    path: Path, reason: str, last_good: SavedConfiguration | None, issues: Sequence[ConfigIssue]
) -> str:
    stays = f"; the configuration of {last_good.loaded_at:%Y-%m-%d %H:%M} UTC stays in use" if last_good else ""
    return "\n".join([f"{path} {reason}{stays}:", *map(str, issues)])


def find_removed_sources(previous_text: str, configuration: Configuration) -> tuple[str, ...]:
    """Return the sources that an edit takes away, if they are more than half of those there were."""
    tree = parse_yaml(previous_text.encode()).value
    sources = tree.get("sources") if isinstance(tree, dict) else None
    known = list(sources) if isinstance(sources, dict) else []
    left = {source.id for source in configuration.sources}
    lost = tuple(name for name in known if name not in left)
    return lost if len(lost) >= MIN_REMOVED_SOURCES and 2 * len(lost) > len(known) else ()
