"""Passes that are killed at a commit: nothing is lost or reported twice."""

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.daemon_process import Monitor
from support.hostile_server import SECRET, HostileServers

CRASH_AT_COMMIT = Path(__file__).parents[1] / "support" / "crash_at_commit.py"


MAX_COMMITS = 60  # a pass that changes rows in more commits than this does not share them
KILLED = 137
WORDS = (
    "bridge",
    "river",
    "council",
    "harvest",
    "school",
    "railway",
    "harbour",
    "census",
    "budget",
    "forest",
    "clinic",
)
CONFIGURATION = """
settings: {{database: sqlite:///monitor.db, allowed_networks: [127.0.0.0/8]}}
sources:
  one: {{name: One, feed: '{url}/feed/one', poll_interval: 1s, text_from: feed}}
  two: {{name: Two, feed: '{url}/feed/two', poll_interval: 1s, text_from: feed}}
officials:
  phan-van-giang: {{name: Phan Văn Giang, country: Vietnam}}
rules:
  giang: {{officials: [phan-van-giang]}}
channels:
  hook: {{webhook: {{url: '{url}/hook', secret: '{secret}'}}}}
digests:
  urgent: {{rules: [giang], at: immediately, channels: [hook]}}
"""


def poll_until_crash(monitor: Monitor, commit: int, when: str) -> int:
    """Run a pass that is killed at a commit; return its exit code."""
    words = [sys.executable, str(CRASH_AT_COMMIT), str(commit), when, "poll", "one", "two"]
    return subprocess.run(words, cwd=monitor.folder, env=monitor.environ, capture_output=True, check=False).returncode


def article_text(feed: str, number: int) -> str:
    """Return an article that names the official, in words of its own: a duplicate of another would not be sent."""
    draw = random.Random(f"{feed} {number}")
    sentences = (" ".join(draw.choices(WORDS, k=12)) for _ in range(12))
    return f"<p>General Phan Van Giang opened bridge {number} for {feed}.</p><p>{'. '.join(sentences)}.</p>"


def crash_at_each_commit(monitor: Monitor, servers: HostileServers, when: str) -> int:
    """Publish two articles and poll, killed at the first commit, at the second ...; return how many passes were killed.

    A pass has work of every step to do, and that of the passes that were killed before it. The first
    pass that makes fewer commits than its number comes to its end.
    """
    for commit in range(1, MAX_COMMITS):
        for feed in ("one", "two"):
            servers.publish(feed, f"{feed}-{commit}", f"Bridge {commit} opened: {feed}", article_text(feed, commit))
        if (code := poll_until_crash(monitor, commit, when)) != KILLED:
            assert code == 0
            return commit - 1
    pytest.fail(f"a pass still changes rows at its commit {MAX_COMMITS}")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_commit_loses_nothing(tmp_path: Path, when: str) -> None:
    """Each article of the passes that were killed is stored once and reported once."""
    with HostileServers() as servers:
        monitor = Monitor(tmp_path, CONFIGURATION.format(url=servers.url, secret=SECRET))
        servers.state.feeds |= {"one": [], "two": []}
        monitor.call("poll")
        killed = crash_at_each_commit(monitor, servers, when)
        monitor.call("poll", "one", "two")
        received = servers.received()
    stories = {key: json.loads(body)["data"]["stories"] for key, body in received}
    reported = [story for message in stories.values() for story in message]
    urls = Counter(item["url"] for story in reported for item in (*story["items"], *story["also_in"]))
    expected = {f"http://outlet.example/{feed}-{n}" for feed in ("one", "two") for n in range(1, killed + 2)}
    assert urls == Counter(dict.fromkeys(expected, 1))
    assert Counter(line["url"] for line in monitor.lines("articles", "--limit", "1000")) == urls
    assert len(received) - len(stories) <= killed
