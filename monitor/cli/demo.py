"""Demo: the real program on an offline news world that is served on loopback, from feed to digest, in two passes."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import format_count, load_config, print_table, program_name, run_async
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.demo.server import DemoServers
    from monitor.domain.digest import Digest, DigestStory
    from monitor.pipeline.one_pass import PassResult


PASS_FILE_STEMS = {1: "digest", 2: "update"}
CONFIG_FIRST_LINE = "# The demo's configuration."
MAX_STORY_ROWS, MAX_PEOPLE_SHOWN = 12, 3
FolderArgument = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to leave what it makes.")]
ServeOption = Annotated[bool, typer.Option("--serve", help="Keep the outlets up afterwards, until Ctrl-C.")]


@dataclass(frozen=True, slots=True)
class DemoPass:
    """What one pass left: its tally, how long it took, and the digest's page if there was one."""

    result: "PassResult"
    seconds: float
    digest_page: Path | None


def demo(folder: FolderArgument = Path("demo"), serve: ServeOption = False) -> None:
    """Run everything once on a small offline news world, and leave digests and a database to explore."""
    from monitor.demo.server import run_demo_servers

    prepare_folder(folder)
    with run_demo_servers(datetime.now(UTC)) as world:
        (folder / "sources.yaml").write_text(world.configuration(), encoding="utf-8")
        typer.echo(
            f"{len(world.servers)} outlets are up on this machine. Reading them as if they were the real ones ..."
        )
        for edition in PASS_FILE_STEMS:
            world.set_edition(edition)
            print_demo_pass(edition, run_demo_pass(world, folder, edition))
        typer.echo(
            f"\nLook around:  {program_name()} status --config {folder / 'sources.yaml'}   "
            "(or articles, hits, search ...)"
        )
        if serve:
            typer.echo("The outlets stay up until you press Ctrl-C.")
            wait_for_interrupt()


def prepare_folder(folder: Path) -> None:
    """Make the folder empty of an earlier demo. Raises ``UsageError`` for a folder that holds anything else."""
    settled = folder / "sources.yaml"
    if folder.is_dir() and any(folder.iterdir()):
        if not settled.is_file() or not settled.read_text(encoding="utf-8").startswith(CONFIG_FIRST_LINE):
            raise UsageError(f"{folder} is not empty and holds no demo; name another folder: monitor demo NEW-FOLDER")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def run_demo_pass(servers: "DemoServers", folder: Path, edition: int) -> DemoPass:
    """Make one pass over every outlet, and put the digest it delivered where it is easily found."""
    from monitor.app import run_one_pass

    configuration = load_config(folder / "sources.yaml")
    before = set((folder / "outbox").glob("*"))
    started = time.monotonic()
    tally = run_async(run_one_pass(configuration, frozenset(servers.base_urls)))
    seconds = time.monotonic() - started
    for path in set((folder / "outbox").glob("*")) - before:
        shutil.copyfile(path, folder / f"{PASS_FILE_STEMS[edition]}{path.suffix}")
    page = folder / f"{PASS_FILE_STEMS[edition]}.html"
    return DemoPass(tally, seconds, page if page.exists() else None)


def print_demo_pass(edition: int, demo_pass: DemoPass) -> None:
    """Say what the pass read and found, and where its digest lies."""
    tally = demo_pass.result
    typer.echo(
        f"\nPass {edition}: {len(tally.polls)} sources, "
        f"{format_count(sum(poll.new_count for poll in tally.polls), 'new article')}, "
        f"{format_count(tally.matching.hit_count, 'hit')} in {demo_pass.seconds:.1f} s."
    )
    for digest in tally.digests:
        names = {subject.id: subject.name for subject in digest.subjects}
        stories = sorted(digest.stories, key=count_outlets, reverse=True)
        rows = ((count_outlets(story), story.title, format_people(story, names)) for story in stories[:MAX_STORY_ROWS])
        print_table(("outlets", "story", "people"), rows, "Nothing was found.")
        typer.echo(
            f"{summarize_digest(digest)}"
            f"{f' The {MAX_STORY_ROWS} told most widely are shown.' if len(stories) > MAX_STORY_ROWS else ''}"
        )
    if demo_pass.digest_page:
        typer.echo(f"The digest:  {demo_pass.digest_page}  (and .eml, .json beside it)")
    for poll in tally.polls:
        if poll.detail:
            typer.echo(f"  {poll.source_id}: {poll.state_after.value}: {poll.detail}")


def format_people(story: "DigestStory", names: dict[str, str]) -> str:
    """Name the people of a story, the first few of many."""
    shown = ", ".join(names.get(one, one) for one in story.officials[:MAX_PEOPLE_SHOWN])
    return (
        f"{shown} and {len(story.officials) - MAX_PEOPLE_SHOWN} more"
        if len(story.officials) > MAX_PEOPLE_SHOWN
        else shown
    )


def count_outlets(story: "DigestStory") -> int:
    """Count the outlets that tell a story, copies included."""
    return len({item.outlet for item in story.items} | {copy.outlet for copy in story.also_in})


def summarize_digest(digest: "Digest") -> str:
    """Say what kind of news the digest holds besides new articles, and what was read for it."""
    kinds: dict[str, int] = {}
    for story in digest.stories:
        for item in story.items:
            kinds[item.kind.value] = kinds.get(item.kind.value, 0) + 1
    told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    read = format_count(digest.coverage.read, "source")
    return f"{format_count(len(digest.stories), 'story', 'stories')} ({told or 'nothing'} articles); {read} read."


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("")
