"""Daemon with hostile servers that is killed repeatedly: nothing is lost or reported twice."""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from support.counting_smtp_server import CountingMailServer
from support.daemon_process import Monitor
from support.hostile_server import SECRET, HostileServers
from support.wait import wait_until

NOUNS = ("bridge", "harvest", "railway", "hospital", "airport", "dam", "museum", "border", "forest", "school", "market")
VERBS = ("opened", "inspected", "praised", "postponed", "approved", "visited", "closed", "repaired", "extended")
SHIFTED = Path(__file__).parents[1] / "support" / "run_with_shifted_clock.py"
DAY = 86_400


def configuration(servers: HostileServers, post: CountingMailServer, feeds: int) -> str:
    """Return a configuration that watches every feed for one official and reports at once by mail and webhook."""
    sources = "".join(
        f"  feed-{n}: {{name: Outlet {n}, feed: '{servers.urls[n % len(servers.urls)]}/feed/{n}', poll_interval: 1s}}\n"
        for n in range(feeds)
    )
    return f"""
settings: {{database: sqlite:///monitor.db, user_agent_contact: desk@example.org, allowed_networks: [127.0.0.0/8],
  probe_address: off}}
sources:
{sources}
officials:
  phan-van-giang: {{name: Phan Văn Giang, country: Vietnam}}
rules:
  giang: {{officials: [phan-van-giang]}}
channels:
  hook: {{webhook: {{url: '{servers.url}/hook', secret: '{SECRET}'}}}}
  desk: {{email: {{to: [desk@example.org], from: m@example.org, server: 'smtp://127.0.0.1:{post.port}'}}}}
digests:
  urgent: {{rules: [giang], at: immediately, max_articles: 5000, channels: [hook, desk]}}
"""


def story(dice: random.Random, number: int) -> tuple[str, str]:
    """Return title and text of a unique article that mentions the official."""
    words = [f"{dice.choice(VERBS)} the {dice.choice(NOUNS)} number {dice.randrange(10_000)}" for _ in range(60)]
    paragraphs = [". ".join(f"The ministry {part}" for part in words[at : at + 15]) for at in range(0, 60, 15)]
    text = "".join(f"<p>{paragraph}.</p>" for paragraph in paragraphs)
    return f"Minister {words[0]} ({number})", f"<p>General Phan Van Giang spoke on case {number}.</p>{text}"


@dataclass
class Inbox:
    """Messages of one channel: the articles of each message by its key, and the number of arrivals."""

    messages: dict[str, set[str]] = field(default_factory=dict)
    arrivals: int = 0

    @classmethod
    def of(cls, messages: Iterable[tuple[str, set[str]]]) -> Self:
        """Sort the messages by key."""
        inbox = cls()
        for key, urls in messages:
            inbox.arrivals += 1
            assert inbox.messages.setdefault(key, urls) == urls, f"another text under the key {key}"
        return inbox

    @property
    def report_counts(self) -> Counter[str]:
        """Count the messages that report each article."""
        return Counter(url for urls in self.messages.values() for url in urls)

    @property
    def repeats(self) -> int:
        """Count the repeated messages."""
        return self.arrivals - len(self.messages)


def posted(servers: HostileServers) -> Inbox:
    """Return the messages that the webhook accepted."""

    def messages() -> Iterator[tuple[str, set[str]]]:
        for key, body in servers.received():
            stories = json.loads(body)["data"]["stories"]
            yield key, {item["url"] for story in stories for item in (*story["items"], *story["also_in"])}

    return Inbox.of(messages())


def mailed(post: CountingMailServer) -> Inbox:
    """Return the messages that the mail server accepted."""

    def messages() -> Iterator[tuple[str, set[str]]]:
        for mail in post.messages():
            part = mail.get_body(("plain",))
            text = part.get_content() if part else ""
            yield str(mail["Message-ID"]), set(re.findall(r"http://outlet\.example/a\d+", text))

    return Inbox.of(messages())


@dataclass
class Chaos:
    """Hostile servers, a daemon and the failures injected into them; ``events`` counts the failures."""

    servers: HostileServers
    post: CountingMailServer
    monitor: Monitor
    feeds: int
    dice: random.Random
    published: set[str] = field(default_factory=set)
    events: Counter[str] = field(default_factory=Counter)

    def publish(self, count: int) -> None:
        """Publish articles, each in some feed."""
        for _ in range(count):
            number = len(self.published)
            title, text = story(self.dice, number)
            self.servers.publish(str(self.dice.randrange(self.feeds)), f"a{number}", title, text)
            self.published.add(f"http://outlet.example/a{number}")

    def set_clock(self, seconds: int) -> None:
        """Move the daemon's clock by a number of seconds from the real time."""
        (self.monitor.folder / "clock").write_text(str(seconds), encoding="utf-8")
        self.events["clock jumps"] += 1

    @contextmanager
    def trouble(self, kind: str) -> Iterator[None]:
        """Within the block close the mail server, let the webhook always fail, or move the clock by a day."""
        self.events[kind] += 1
        state = self.servers.state
        if kind == "post closed":
            self.post.close()
        elif kind == "hook down":
            state.hook_rate = 1.0
        elif kind in {"tomorrow", "yesterday"}:
            self.set_clock(DAY if kind == "tomorrow" else -DAY)
        yield
        if kind == "post closed":
            self.post.open()
        elif kind == "hook down":
            state.hook_rate = 0.25
        elif kind in {"tomorrow", "yesterday"}:
            self.set_clock(0)

    def live(self, seconds: float) -> None:
        """Run the daemon for a number of seconds, then kill it."""
        self.monitor.start()
        wait_until(lambda: self.monitor.has_logged(b'"started"'), 120)
        wait_until(lambda: False, seconds)
        self.monitor.kill()
        self.events["kills"] += 1

    def missing(self) -> set[str]:
        """Return the articles that at least one channel has not received yet."""
        return self.published - (posted(self.servers).report_counts.keys() & mailed(self.post).report_counts.keys())

    def settle(self) -> bool:
        """End all failures; return whether every article is reported within three days, after all retries."""
        self.servers.state.fault_rate = self.servers.state.hook_rate = 0
        for days in range(1, 4):
            self.set_clock(days * DAY)
            if days == 1:
                self.monitor.start()
            if wait_until(lambda: not self.missing(), 120):
                break
        self.monitor.stop()
        return not self.missing()


TROUBLES = ("none", "post closed", "tomorrow", "hook down", "yesterday")


def test_nothing_is_lost_and_nothing_is_reported_twice(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """With slow, broken and blocking servers, receivers that are down, a clock that jumps by a day, and many kills."""
    soak = request.config.getoption("--soak")
    feeds, hosts, rounds, batch = (500, 50, 50, 60) if soak else (9, 3, 5, 5)
    with HostileServers(hosts) as servers:
        post = CountingMailServer()
        post.open()
        monitor = Monitor(tmp_path, configuration(servers, post, feeds))
        monitor.environ["CLOCK_FILE"] = str(tmp_path / "clock")
        chaos = Chaos(servers, post, monitor, feeds, random.Random(11))
        servers.state.feeds |= {str(n): [] for n in range(feeds)}
        monitor.call("poll", seconds=300)
        monitor.launcher = (str(SHIFTED),)
        servers.state.fault_rate, servers.state.hook_rate, servers.state.hang_seconds = 0.2, 0.25, 4.0
        for number in range(rounds):
            with chaos.trouble(TROUBLES[number % len(TROUBLES)]):
                chaos.publish(batch)
                chaos.live(chaos.dice.uniform(0.5, 8 if soak else 3))
        is_complete = chaos.settle()
        monitor.launcher = ("-m", "monitor")
        kept = Counter(line["url"] for line in monitor.lines("articles", "--limit", "100000"))
        by_hook, by_mail = posted(servers), mailed(post)
        post.close()
    tally = (
        f"\n{feeds} sources, {len(chaos.published)} published, {len(kept)} kept; "
        f"webhook: {len(by_hook.messages)} messages, {by_hook.repeats} repeated; "
        f"mail: {len(by_mail.messages)} messages, {by_mail.repeats} repeated\n"
        f"events: {dict(sorted(chaos.events.items()))}\nfaults: {dict(sorted(servers.state.faults.items()))}\n"
    )
    with capsys.disabled():
        sys.stdout.write(tally)
    assert is_complete, sorted(chaos.missing())
    assert kept == Counter(dict.fromkeys(chaos.published, 1))
    for inbox in (by_hook, by_mail):
        assert inbox.report_counts == Counter(dict.fromkeys(chaos.published, 1))
        assert inbox.repeats <= chaos.events["kills"]
