"""A pass that is killed at any of its commits loses nothing and tells nothing twice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.daemon_process import Monitor
from support.hostile_server import SECRET, World

MORTAL = Path(__file__).parents[1] / "support" / "crash_at_commit.py"


LAST = 12  # more commits than one pass makes
KILLED = 137
SENTENCE = "<p>The ministry counted {n} new bridges in the northern provinces, and said so.</p>"
PARAGRAPHS = "".join(SENTENCE.format(n=n) * 6 for n in range(4))
CONFIGURATION = """
settings: {{database: sqlite:///monitor.db, allowed_networks: [127.0.0.0/8]}}
sources:
  one: {{name: One, feed: '{url}/feed/one', poll_interval: 1s}}
  two: {{name: Two, feed: '{url}/feed/two', poll_interval: 1s}}
officials:
  phan-van-giang: {{name: Phan Văn Giang, country: Vietnam}}
rules:
  giang: {{officials: [phan-van-giang]}}
channels:
  hook: {{webhook: {{url: '{url}/hook', secret: '{secret}'}}}}
digests:
  urgent: {{rules: [giang], at: immediately, channels: [hook]}}
"""


def mortal_poll(monitor: Monitor, commit: int, when: str) -> int:
    """Make a pass that dies at a commit; returns the exit code."""
    words = [sys.executable, str(MORTAL), str(commit), when, "poll", "one", "two"]
    return subprocess.run(words, cwd=monitor.folder, env=monitor.environ, capture_output=True, check=False).returncode


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_commit_loses_nothing(tmp_path: Path, when: str) -> None:
    """Passes die at their first commit, at their second ...; in the end each article is kept once and told once."""
    with World() as world:
        monitor = Monitor(tmp_path, CONFIGURATION.format(url=world.url, secret=SECRET))
        world.state.feeds |= {"one": [], "two": []}
        monitor.call("poll")
        codes = []
        for commit in range(1, LAST):
            for feed in ("one", "two"):
                text = f"<p>General Phan Van Giang opened bridge {commit} for {feed}.</p>{PARAGRAPHS}"
                world.publish(feed, f"{feed}-{commit}", f"Bridge {commit} opened: {feed}", text)
            codes.append(mortal_poll(monitor, commit, when))
        monitor.call("poll", "one", "two")
        received = world.received()
    stories = {key: json.loads(body)["data"]["stories"] for key, body in received}
    told = [story for message in stories.values() for story in message]
    urls = Counter(item["url"] for story in told for item in (*story["items"], *story["also_in"]))
    expected = {f"http://outlet.example/{feed}-{n}" for feed in ("one", "two") for n in range(1, LAST)}
    assert urls == Counter(dict.fromkeys(expected, 1))
    assert Counter(line["url"] for line in monitor.lines("articles", "--limit", "1000")) == urls
    assert len(received) - len(stories) <= codes.count(KILLED)
    assert codes.count(KILLED) > LAST // 2
