"""Included files, groups of sources, readers, and lists of dates."""

import asyncio
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from support.fakes import FakeKeyValueStore, run_inline

from monitor.config.load import load_configuration, parse_configuration
from monitor.config.reload import Reloader, ReloadOutcome, ReloadResult, read_whole_configuration
from monitor.domain.channels import EmailChannel
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError

MAIN = """\
include: [people.yaml, "more/*.yaml"]
sources:
  post: {feed: "https://post.example/feed", groups: [Asia/Laos]}
  times: {feed: "https://times.example/feed", groups: [Asia]}
  world: {feed: "https://world.example/feed"}
rules:
  asia: {officials: all, groups: [Asia]}
  laos: {officials: all, groups: Asia/Laos, sources: [world]}
digests:
  daily: {rules: all, at: ["07:00", "17:00"], except: [2026-12-25, holidays.txt], readers: [anna]}
"""
PEOPLE = "officials:\n  giang: {name: Phan Văn Giang, country: Vietnam}\nsynonyms: [[a, b]]\n"
CHANNELS = """\
channels:
  mail: {email: {to: desk@example.org, from: m@example.org, server: "smtp://mail.example.org"}}
readers:
  anna: {address: anna@example.org, timezone: Europe/Berlin, languages: [de], muted: [s12]}
synonyms: [[c, d]]
"""
HOLIDAYS = "# public holidays\n2027-01-01 New Year\n\n2027-04-14  # Pi Mai\n"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    for name, text in {
        "sources.yaml": MAIN,
        "people.yaml": PEOPLE,
        "more/channels.yaml": CHANNELS,
        "holidays.txt": HOLIDAYS,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def load(folder: Path) -> Configuration:
    return load_configuration(folder / "sources.yaml", {})


def errors(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return [str(issue).replace(f"{folder}/", "") for issue in caught.value.issues]


def test_entries_of_included_files_are_part_of_the_configuration(folder: Path) -> None:
    """Names and globs; lists are joined."""
    found = load(folder)
    assert [official.id for official in found.watchlist.officials] == ["giang"]
    assert found.watchlist.synonyms == (("a", "b"), ("c", "d"))
    assert "mail" in [channel.id for channel in found.channels]


def test_a_rule_selects_the_sources_of_its_groups(folder: Path) -> None:
    """A group includes its folders."""
    assert {rule.id: rule.sources for rule in load(folder).watchlist.rules} == {
        "asia": ("post", "times"),
        "laos": ("world", "post"),
    }
    (folder / "more/rule.yaml").write_text("rules: {x: {query: y, groups: [asia]}}\n")
    text = 'more/rule.yaml:1:32: rules.x.groups.0: there is no group of a source "asia"; did you mean Asia?'
    assert errors(folder) == [text]


def test_a_reader_gets_a_digest_and_a_mail_channel(folder: Path) -> None:
    """With their own time zone, languages and muted stories; without channels, nobody else gets it."""
    found = load(folder)
    (plan,) = found.digests
    assert (plan.id, plan.channels, plan.timezone) == ("daily-anna", ("anna",), "Europe/Berlin")
    assert (plan.languages, plan.muted) == (("de",), ("s12",))
    assert plan.schedule.at == (time(7), time(17))
    assert plan.except_on == (date(2026, 12, 25), date(2027, 1, 1), date(2027, 4, 14))
    (channel,) = [one for one in found.channels if one.id == "anna"]
    assert isinstance(channel, EmailChannel)
    assert (channel.targets, channel.sender) == (("anna@example.org",), "m@example.org")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "readers: {bo: {address: bo@example.org, channel: fax}}",
            "x.yaml:1:50: readers.bo.channel: there is no email",
        ),
        ("readers: {mail: {address: bo@example.org}}", 'x.yaml:1:11: readers.mail: a channel has the id "mail", too'),
        ("digests: {daily-anna: {rules: all, at: immediately}}", 'has the id "daily-anna", which is the id of another'),
        ("officials: {giang: {name: X}}", 'x.yaml:1:13: officials: "giang" is repeated, first in people.yaml:2'),
        ("settings: {timezone: UTC}", 'x.yaml:1:1: "settings" cannot be in an included file'),
        ("include: [other.yaml]", 'x.yaml:1:1: "include" cannot be in an included file'),
        ("officials: [a]", "x.yaml:1:1: officials: this must be of the same form"),
        ("[a]", "x.yaml:1:1: an included file has the same sections"),
        ("officials: {a: {nam: X}}", "x.yaml:1:17: officials.a.nam: "),
        ("synonyms: [[e]]", "x.yaml:1:12: synonyms.2"),
        ("a: [", "x.yaml:2:1: this cannot be read as YAML"),
        ("digests: {n: {rules: all, at: '07:00', except: none.txt}}", "is no date such as 2026-12-25, and the file"),
        ("digests: {n: {rules: all, at: '07:00', except: people.yaml}}", "people.yaml, line 1: "),
    ],
)
def test_an_error_in_an_included_file_has_its_place_there(folder: Path, text: str, message: str) -> None:
    """File, line and column are places in the included file."""
    (folder / "more/x.yaml").write_text(text + "\n", encoding="utf-8")
    assert any(message in one for one in errors(folder)), errors(folder)


@pytest.mark.parametrize("name", ["/etc/people.yaml", "https://x.example/people.yaml", "~/people.yaml", "none/*.yaml"])
def test_only_relative_names_of_files_are_included(folder: Path, name: str) -> None:
    """The error is at the name in sources.yaml."""
    (folder / "sources.yaml").write_text(MAIN.replace("people.yaml", f'"{name}"'), encoding="utf-8")
    assert any(one.startswith("sources.yaml:1:11: ") and name in one for one in errors(folder)), errors(folder)


def test_the_whole_configuration_is_stored_as_one_text(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A worker on another machine, or a restart without the files, has the same configuration."""
    path = folder / "sources.yaml"
    whole = read_whole_configuration(path.read_bytes(), path)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "sources.yaml"
    one, other = load(folder), parse_configuration(whole, elsewhere, {})
    assert (one.watchlist, one.digests) == (other.watchlist, other.digests)
    plain = b"sources: {}\n"
    assert read_whole_configuration(plain, elsewhere) == plain


def test_an_edit_of_an_included_file_is_applied(folder: Path) -> None:
    """Also a new file that a glob matches, and a list of dates; a broken file is rejected with its place."""
    store = FakeKeyValueStore()
    reloader = Reloader(folder / "sources.yaml", {}, store)
    reloader.load_initial(NOW)
    clock = iter(range(0, 100, 5))

    def edit(name: str, text: str) -> ReloadResult:
        (folder / name).write_text(text, encoding="utf-8")
        assert asyncio.run(reloader.check_for_edit(run_inline, NOW, next(clock))) is None
        result = asyncio.run(reloader.check_for_edit(run_inline, NOW, next(clock)))
        assert result is not None
        return result

    def officials(result: ReloadResult) -> list[str]:
        assert result.configuration is not None
        return sorted(one.id for one in result.configuration.watchlist.officials)

    assert officials(edit("people.yaml", PEOPLE.replace("giang:", "phan:").replace("Văn Giang", "Đình Trạc"))) == [
        "phan"
    ]
    new = edit("more/new.yaml", "officials: {tolam: {name: Tô Lâm, country: Vietnam}}\n")
    assert officials(new) == ["phan", "tolam"]
    assert officials(edit("holidays.txt", "2027-05-01\n")) == ["phan", "tolam"]
    assert store.saved is not None
    assert "2027-05-01" in store.saved.text
    broken = edit("people.yaml", "officials: [\n")
    assert broken.outcome is ReloadOutcome.REJECTED
    assert "people.yaml:2:1" in broken.message
    assert officials(edit("people.yaml", PEOPLE)) == ["giang", "tolam"]
