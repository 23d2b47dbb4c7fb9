"""Command ``monitor demo``: run the real pipeline twice over demo outlets.

The program itself serves the demo outlets on loopback addresses.
"""

import re
import shutil
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from monitor.cli.common import load_config, print_table, program_name, run_async
from monitor.domain.errors import UsageError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.demo.server import DemoServers
    from monitor.domain.digest import Digest, DigestStory
    from monitor.pipeline.one_pass import PassResult


PASS_FILE_STEMS = {1: "digest", 2: "update"}
CONFIG_HASH_FILE = ".configuration.sha256"
_DEMO_FILE = re.compile(
    r"sources\.yaml|\.configuration\.sha256|(digest|update)\..+|(demo|monitor)\.db.*|outbox|backups|web.*"
)
MAX_STORY_ROWS, MAX_PEOPLE_SHOWN = 12, 3
FolderArgument = Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder for the results.")]
ServeOption = Annotated[bool, typer.Option("--serve", help="Serve the outlets and the desk until Ctrl-C.")]
ListenOption = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Address of the desk.", show_default=False)
]


class DemoPass(Struct, frozen=True):
    """The result of one pass of the demo, its duration in seconds, and the HTML file of its digest, if there is one."""

    result: "PassResult"
    seconds: float
    digest_page: Path | None


def demo(folder: FolderArgument = Path("demo"), serve: ServeOption = False, listen: ListenOption = "") -> None:
    """Run the whole program on small offline outlets; this writes digests and a database to explore."""
    from monitor.demo.server import run_demo_servers

    prepare_folder(folder)
    with run_demo_servers(datetime.now(UTC)) as servers:
        write_configuration(folder, servers.configuration())
        typer.echo(f"{len(servers.servers)} demo outlets run on this machine. Polling them like real outlets ...")
        for edition in PASS_FILE_STEMS:
            servers.set_edition(edition)
            print_demo_pass(edition, run_demo_pass(servers, folder, edition))
        typer.echo(
            f"\nNext:  {program_name()} status --config {folder / 'sources.yaml'}   (or articles, hits, search ...)"
        )
        if serve:
            typer.echo("The outlets run until you press Ctrl-C.")
            serve_desk(folder / "sources.yaml", listen)


def prepare_folder(folder: Path) -> None:
    """Create the folder for the demo, or empty it if it contains only files of an earlier demo.

    Raises ``UsageError`` if the folder contains anything else, or if its configuration was edited.
    """
    config_file, marker = folder / "sources.yaml", folder / CONFIG_HASH_FILE
    if folder.is_dir() and any(folder.iterdir()):
        if not config_file.is_file() or not marker.is_file():
            raise UsageError(f"{folder} is not empty and not a demo folder; name another one: monitor demo NEW-FOLDER")
        own = [path.name for path in sorted(folder.iterdir()) if not _DEMO_FILE.fullmatch(path.name)]
        if marker.read_text(encoding="ascii") != _hash(config_file):
            own.append("sources.yaml, which was edited")
        if own:
            raise UsageError(
                f"{folder} contains files that a new demo would delete: {', '.join(own)}; "
                "move them, or name another folder: monitor demo NEW-FOLDER"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def write_configuration(folder: Path, text: str) -> None:
    """Write the configuration of the demo into a folder, together with its hash.

    The hash shows later whether the user has edited the configuration.
    """
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    (folder / CONFIG_HASH_FILE).write_text(_hash(folder / "sources.yaml"), encoding="ascii")


def _hash(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def run_demo_pass(servers: "DemoServers", folder: Path, edition: int) -> DemoPass:
    """Run one pass (one run of the pipeline) over all outlets.

    The files of its digest are copied from the folder ``outbox`` to the folder of the demo.
    """
    from monitor.app import run_one_pass

    configuration = load_config(folder / "sources.yaml")
    before = set((folder / "outbox").glob("*"))
    started = time.monotonic()
    result = run_async(run_one_pass(configuration, frozenset(servers.base_urls)))
    seconds = time.monotonic() - started
    for path in set((folder / "outbox").glob("*")) - before:
        shutil.copyfile(path, folder / f"{PASS_FILE_STEMS[edition]}{path.suffix}")
    page = folder / f"{PASS_FILE_STEMS[edition]}.html"
    return DemoPass(result, seconds, page if page.exists() else None)


def print_demo_pass(edition: int, demo_pass: DemoPass) -> None:
    """Print what a pass (one run of the pipeline) has polled and found, and the path of its digest."""
    result = demo_pass.result
    typer.echo(
        f"\nPass {edition}: {format_count(len(result.polls), 'source')}, "
        f"{format_count(sum(poll.new_count for poll in result.polls), 'new article')}, "
        f"{format_count(result.matching.hit_count, 'hit')} in {demo_pass.seconds:.1f} s."
    )
    for digest in result.digests:
        names = {subject.id: subject.name for subject in digest.officials}
        stories = sorted(digest.stories, key=count_outlets, reverse=True)
        rows = ((count_outlets(story), story.title, format_people(story, names)) for story in stories[:MAX_STORY_ROWS])
        print_table(("outlets", "story", "people"), rows, "Nothing was found.")
        typer.echo(
            f"{summarize_digest(digest)}"
            f"{f' The {MAX_STORY_ROWS} with most outlets are shown.' if len(stories) > MAX_STORY_ROWS else ''}"
        )
    if demo_pass.digest_page:
        typer.echo(f"The digest:  {demo_pass.digest_page}  (also as .eml and .json)")
    for poll in result.polls:
        if poll.detail:
            typer.echo(f"  {poll.source_id}: {poll.state_after.value}: {poll.detail}")


def format_people(story: "DigestStory", names: dict[str, str]) -> str:
    """Return a text with at most ``MAX_PEOPLE_SHOWN`` names of a story's officials, and the number of the others."""
    shown = ", ".join(names.get(one, one) for one in story.official_ids[:MAX_PEOPLE_SHOWN])
    return (
        f"{shown} and {len(story.official_ids) - MAX_PEOPLE_SHOWN} more"
        if len(story.official_ids) > MAX_PEOPLE_SHOWN
        else shown
    )


def count_outlets(story: "DigestStory") -> int:
    """Return the number of outlets that report a story, including outlets with only a copy of another's article."""
    return len({item.outlet for item in story.items} | {copy.outlet for copy in story.also_in})


def summarize_digest(digest: "Digest") -> str:
    """Return a line about a digest: the numbers of its stories and articles, and of the sources that were read.

    The articles are also counted by kind, such as "new" or "correction".
    """
    kinds = Counter(item.kind.value for story in digest.stories for item in story.items)
    stories, articles = format_count(len(digest.stories), "story", "stories"), format_count(kinds.total(), "article")
    details = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    read = format_count(digest.coverage.read_count, "source")
    return f"{stories}, {articles}{details and f' ({details})'}; {read} read."


def serve_desk(config: Path, listen: str) -> None:
    """Serve the desk with the results of the demo, until the user presses Ctrl-C."""
    from monitor.cli.web import web

    with suppress(KeyboardInterrupt):
        web(config, "", listen)
