"""Passes that are killed at a commit: nothing is lost or reported twice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.daemon_process import Monitor
from support.hostile_server import SECRET, World

CRASH_AT_COMMIT = Path(__file__).parents[1] / "support" / "crash_at_commit.py"


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


def poll_until_crash(monitor: Monitor, commit: int, when: str) -> int:
    """Run a pass that is killed at a commit; return its exit code."""
    words = [sys.executable, str(CRASH_AT_COMMIT), str(commit), when, "poll", "one", "two"]
    return subprocess.run(words, cwd=monitor.folder, env=monitor.environ, capture_output=True, check=False).returncode


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_commit_loses_nothing(tmp_path: Path, when: str) -> None:
    """Passes are killed at the first commit, the second ...; each article is stored once and reported once."""
    with World() as world:
        monitor = Monitor(tmp_path, CONFIGURATION.format(url=world.url, secret=SECRET))
        world.state.feeds |= {"one": [], "two": []}
        monitor.call("poll")
        codes = []
        for commit in range(1, LAST):
            for feed in ("one", "two"):
                text = f"<p>General Phan Van Giang opened bridge {commit} for {feed}.</p>{PARAGRAPHS}"
                world.publish(feed, f"{feed}-{commit}", f"Bridge {commit} opened: {feed}", text)
            codes.append(poll_until_crash(monitor, commit, when))
        monitor.call("poll", "one", "two")
        received = world.received()
    stories = {key: json.loads(body)["data"]["stories"] for key, body in received}
    reported = [story for message in stories.values() for story in message]
    urls = Counter(item["url"] for story in reported for item in (*story["items"], *story["also_in"]))
    expected = {f"http://outlet.example/{feed}-{n}" for feed in ("one", "two") for n in range(1, LAST)}
    assert urls == Counter(dict.fromkeys(expected, 1))
    assert Counter(line["url"] for line in monitor.lines("articles", "--limit", "1000")) == urls
    assert len(received) - len(stories) <= codes.count(KILLED)
    assert codes.count(KILLED) > LAST // 2
