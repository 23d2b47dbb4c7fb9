"""Demo: the real program on an offline news world that is served on loopback, from feed to digest, in two passes."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import complete, count, load, program, table
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.serve import World
    from monitor.domain.digest import Digest, DigestStory
    from monitor.pipeline.line import Tally

PASSES = {1: "digest", 2: "update"}
FIRST_LINE = "# The demo's configuration."
ROWS, PEOPLE = 12, 3
Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to leave what it makes.")]
Serve = Annotated[bool, typer.Option("--serve", help="Keep the outlets up afterwards, until Ctrl-C.")]


@dataclass(frozen=True, slots=True)
class Left:
    """What one pass left: its tally, how long it took, and the digest's page if there was one."""

    tally: "Tally"
    seconds: float
    page: Path | None


def demo(folder: Folder = Path("demo"), serve: Serve = False) -> None:
    """Run everything once on a small offline news world, and leave digests and a database to explore."""
    from monitor.cli.serve import open_world

    clear(folder)
    with open_world(datetime.now(UTC)) as world:
        (folder / "sources.yaml").write_text(world.configuration(), encoding="utf-8")
        typer.echo(f"{len(world.sites)} outlets are up on this machine. Reading them as if they were the real ones ...")
        for edition in PASSES:
            world.turn(edition)
            tell(edition, look(world, folder, edition))
        typer.echo(
            f"\nLook around:  {program()} status --config {folder / 'sources.yaml'}   (or articles, hits, search ...)"
        )
        if serve:
            typer.echo("The outlets stay up until you press Ctrl-C.")
            wait()


def clear(folder: Path) -> None:
    """Make the folder empty of an earlier demo. Raises ``UsageError`` for a folder that holds anything else."""
    settled = folder / "sources.yaml"
    if folder.is_dir() and any(folder.iterdir()):
        if not settled.is_file() or not settled.read_text(encoding="utf-8").startswith(FIRST_LINE):
            raise UsageError(f"{folder} is not empty and holds no demo; name another folder: monitor demo NEW-FOLDER")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def look(world: "World", folder: Path, edition: int) -> Left:
    """Make one pass over every outlet, and put the digest it delivered where it is easily found."""
    from monitor.app import poll_once

    configuration = load(folder / "sources.yaml")
    before = set((folder / "outbox").glob("*"))
    started = time.monotonic()
    tally = complete(poll_once(configuration, frozenset(world.at)))
    seconds = time.monotonic() - started
    for path in set((folder / "outbox").glob("*")) - before:
        shutil.copyfile(path, folder / f"{PASSES[edition]}{path.suffix}")
    page = folder / f"{PASSES[edition]}.html"
    return Left(tally, seconds, page if page.exists() else None)


def tell(edition: int, left: Left) -> None:
    """Say what the pass read and found, and where its digest lies."""
    tally = left.tally
    typer.echo(
        f"\nPass {edition}: {len(tally.polls)} sources, {count(sum(poll.new for poll in tally.polls), 'new article')}, "
        f"{count(tally.screening.hits, 'hit')} in {left.seconds:.1f} s."
    )
    for digest in tally.digests:
        names = {subject.id: subject.name for subject in digest.subjects}
        stories = sorted(digest.stories, key=outlets, reverse=True)
        rows = ((outlets(story), story.title, people(story, names)) for story in stories[:ROWS])
        table(("outlets", "story", "people"), rows, "Nothing was found.")
        typer.echo(f"{summary(digest)}{f' The {ROWS} told most widely are shown.' if len(stories) > ROWS else ''}")
    if left.page:
        typer.echo(f"The digest:  {left.page}  (and .eml, .json beside it)")
    for poll in tally.polls:
        if poll.detail:
            typer.echo(f"  {poll.source_id}: {poll.after.value}: {poll.detail}")


def people(story: "DigestStory", names: dict[str, str]) -> str:
    """Name the people of a story, the first few of many."""
    shown = ", ".join(names.get(one, one) for one in story.officials[:PEOPLE])
    return f"{shown} and {len(story.officials) - PEOPLE} more" if len(story.officials) > PEOPLE else shown


def outlets(story: "DigestStory") -> int:
    """Count the outlets that tell a story, copies included."""
    return len({item.outlet for item in story.items} | {copy.outlet for copy in story.also_in})


def summary(digest: "Digest") -> str:
    """Say what kind of news the digest holds besides new articles, and what was read for it."""
    kinds: dict[str, int] = {}
    for story in digest.stories:
        for item in story.items:
            kinds[item.kind.value] = kinds.get(item.kind.value, 0) + 1
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    read = count(digest.coverage.read, "source")
    return f"{count(len(digest.stories), 'story', 'stories')} ({told or 'nothing'} articles); {read} read."


def wait() -> None:
    """Wait for Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("")
