"""The daemon in a hostile world, killed again and again: nothing is lost, and nothing is told twice."""

import json
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from acceptance.daemon import Monitor, wait_until
from acceptance.hostile import SECRET, World

NOUNS = ("bridge", "harvest", "railway", "hospital", "airport", "dam", "museum", "border", "forest", "school", "market")
VERBS = ("opened", "inspected", "praised", "postponed", "approved", "visited", "closed", "repaired", "extended")


def configuration(world: World, feeds: int) -> str:
    """Watch every feed of the world for one official, and tell at once."""
    sources = "".join(
        f"  feed-{n}: {{name: Outlet {n}, feed: '{world.url}/feed/{n}', every: 1s}}\n" for n in range(feeds)
    )
    return f"""
settings: {{database: sqlite:///monitor.db, contact: desk@example.org, allow_networks: [127.0.0.0/8]}}
sources:
{sources}
officials:
  phan-van-giang: {{name: Phan Văn Giang, country: Vietnam}}
rules:
  giang: {{officials: [phan-van-giang]}}
channels:
  hook: {{webhook: {{url: '{world.url}/hook', secret: '{SECRET}'}}}}
digests:
  urgent: {{rules: [giang], at: once, to: [hook]}}
"""


def story(dice: random.Random, number: int) -> tuple[str, str]:
    """Write an article unlike all others that names the official."""
    words = [f"{dice.choice(VERBS)} the {dice.choice(NOUNS)} number {dice.randrange(10_000)}" for _ in range(60)]
    paragraphs = [". ".join(f"The ministry {part}" for part in words[at : at + 15]) for at in range(0, 60, 15)]
    text = "".join(f"<p>{paragraph}.</p>" for paragraph in paragraphs)
    return f"Minister {words[0]} ({number})", f"<p>General Phan Van Giang spoke on case {number}.</p>{text}"


def told(world: World) -> dict[str, set[str]]:
    """Map each webhook-id to the addresses of the articles it told."""
    messages: dict[str, set[str]] = {}
    for key, body in world.received():
        data = json.loads(body)["data"]
        items = [item["url"] for story in data["stories"] for item in (*story["items"], *story["also_in"])]
        messages.setdefault(key, set()).update(items)
    return messages


def test_nothing_is_lost_and_nothing_told_twice(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hangs, resets, 503s, wrong 304s, truncated feeds, a failing webhook and kill -9 every few seconds."""
    soak = request.config.getoption("--soak")
    feeds, rounds, batch = (500, 40, 100) if soak else (6, 3, 6)
    dice = random.Random(11)
    with World() as world:
        monitor = Monitor(tmp_path, configuration(world, feeds))
        for n in range(feeds):
            world.state.feeds[str(n)] = []
        monitor.call("poll")
        world.state.fault_rate, world.state.hook_rate = 0.25, 0.25
        published = set()
        for number in range(rounds * batch):
            title, text = story(dice, number)
            world.publish(str(dice.randrange(feeds)), f"a{number}", title, text)
            published.add(f"http://outlet.example/a{number}")
            if number % batch == batch - 1:
                before = len(world.received())
                monitor.start()
                wait_until(lambda before=before: len(world.received()) > before, 10)  # type: ignore[misc]  # bound now
                monitor.kill()
        world.state.fault_rate = world.state.hook_rate = 0
        monitor.call("poll", *(f"feed-{n}" for n in range(feeds)), seconds=300)
        monitor.start()
        everything = wait_until(lambda: set().union(*told(world).values()) >= published, 60)
        monitor.stop()
        messages, kills = told(world), rounds
        tellings = Counter(url for items in messages.values() for url in items)
        repeats = len(world.received()) - len(messages)
        kept = Counter(line["url"] for line in monitor.lines("articles", "--limit", "100000"))
    tally = (
        f"{len(published)} published, {len(kept)} kept, {len(messages)} messages, {repeats} repeats, {kills} kills\n"
    )
    with capsys.disabled():
        sys.stdout.write(tally)
    assert everything, sorted(published - set(tellings))
    assert kept == Counter(dict.fromkeys(published, 1))
    assert set(tellings.values()) == {1}
    assert repeats <= kills
