"""Checks across the keys of a file: contradictions are errors, doubtful values are warnings."""

from pathlib import Path

import pytest

from monitor.config.load import load_configuration, parse_configuration
from monitor.domain.errors import ConfigError

HEAD = "sources: {a: {feed: 'https://x.example/f'}}\nofficials: {o: {name: Tô Lâm}}\nrules: {r: {officials: o}}\n"
DIGESTS = "digests: {d: {rules: r, at: immediately}}\n"
WARNINGS = {
    "sources: {a: {feed: 'https://x.example', poll_interval: 10s}}": "a.poll_interval: a public server",
    "sources: {a: {feed: 'http://10.1.2.3/f'}}": "a.feed: this address is in a private network",
    "sources: {a: {feed: 'http://localhost/f'}}": "a.feed: this address is in a private network",
    "sources: {a: {feed: 'https://x.example'}, b: {feed: 'https://x.example'}}": "b: the source a has the same address",
    "officials: {a: {name: Tô Lâm, aliases: [X, X]}}": 'a.aliases.1: "X" is repeated',
    "officials: {a: {name: Tô Lâm}}\nrules: {r: {officials: a}}": "rules: there are no digests",
    "rules: {q: {query: x}, r: {query: y}}\ndigests: {d: {rules: q, at: immediately}}": "r: no digest has this rule",
    "sources: {a: {feed: 'https://x.example'}}": "sources: there are no rules, so nothing is reported",
    "channels: {c: {folder: out}}": "channels.c: no digest is sent to this channel",
    "sources: {a: {feed: 'https://x.example', headers: {X-A: 'file:/proc/sys/kernel/ostype'}}}": "ostype is outside of",
    "channels: {c: {webhook: {url: 'https://h.example'}}}": "c.webhook: messages are not signed",
    "channels: {c: {webhook: {url: 'http://h.example', secret: 'whsec_YWJj'}}}": "url: http:// sends the messages",
    "channels: {c: {webhook: {url: 'https://[::1]/', secret: 'whsec_YWJj'}}}": "url: this address is in",
    "channels: {c: {webhook: {url: 'https://h.example/', secret: 'whsec_YWJj'}}}": "secret: a secret is readable",
    "channels: {c: {email: {to: a@b.example, from: a@b.example, server: 'smtp://u:p@h.example'}}}": "server: a secret",
    "channels: {c: {chat: 'slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ'}}": "c.chat: a secret is readable",
    "settings: {database: 'postgresql+psycopg://m:pw@db.example/m'}": "settings.database: a secret is readable",
    "sources: {a: {feed: 'https://x.example', headers: {X-Api-Key: abc}}}": "headers.X-Api-Key: a secret is readable",
    "settings: {probe_address: '0.0.0.0:9464'}": "settings.probe_address: anybody who can reach",
    "digests: {d: {rules: all, title: '${TITLE}', at: immediately}}": "d.title: ${TITLE} is plain text here",
    "settings: {user_agent_contact: '${CONTACT}'}": "settings.user_agent_contact: ${CONTACT} is plain text here",
    "rules: {r: {query: 'tax and budget'}}": '1:25: rules.r.query: "and" is searched for as a word',
    "rules: {r: {query: x, exclude: 'golf or tennis'}}": '1:38: rules.r.exclude: "or" is searched for as a word',
    "rules: {r: {query: 'tax near/5 budget'}}": "write NEAR/5, else put it in quotes",
    "rules: {r: {query: 'tax NEAR budget'}}": "write NEAR/5, with the words allowed between",
    "settings: {timezone: UTC}": "there are no sources",
}
ERRORS = {
    "sources: {a: {feed: 'https://x.example', listing: {url: 'https://x.example', items: li}}}": "not both",
    "sources: {a: {listing: {url: 'https://x.example'}}}": "items is missing; add it: CSS selector of one article",
    "sources: {a: {feed: 'https://x.example', poll_interval: 2h, max_silence: 1h}}": "longer than the poll interval",
    "officials: {a: {name: B, roles: [{title: T, from: 2024-01, until: 2023-01}]}}": "a role ends after it begins",
    "officials: {all: {name: B}}": "the id all means every entry",
    "rules: {r: {officials: []}}": "a rule needs officials or a query",
    "rules: {r: {query: x, spike: true}}": "a spike is one of stories about officials; add officials",
    "rules: {r: {query: x, sources: [viet]}}\nsources: {viet-nam: {feed: 'https://x.example'}}": "there is no source",
    "channels: {c: {folder: x, chat: 'slack://a/b/c'}}": "this one has chat and folder",
    "channels: {c: {chat: token}}": "such as slack://TokenA/TokenB/TokenC",
    "digests: {d: {rules: nothing, at: immediately}}": 'there is no rule "nothing"; define it under rules',
    "settings: {operator: [opps]}": '1:23: settings.operator.0: there is no channel "opps"; define it',
    "digests: {operator: {rules: r, at: immediately}}": "the id operator means the reports to settings.operator",
    "digests: {d: {rules: [], at: immediately, cron: '0 7 * * *'}}": "a digest has both at and cron",
}


def test_a_channel_of_the_operator_is_used() -> None:
    """It gets reports instead of digests."""
    text = b"settings: {operator: [ops]}\nchannels: {ops: {folder: out}, spare: {folder: other}}"
    warnings = [str(warning) for warning in parse_configuration(text, Path("s.yaml"), {}).warnings]
    assert [one for one in warnings if "no digest is sent" in one and "ops" in one] == []
    assert any("channels.spare: no digest is sent" in one for one in warnings)


@pytest.mark.parametrize(("text", "words"), WARNINGS.items(), ids=range(len(WARNINGS)))
def test_a_doubtful_value_is_accepted_with_a_warning(text: str, words: str) -> None:
    """The warning has the place of a value that is allowed but probably not intended."""
    warnings = [str(warning) for warning in parse_configuration(text.encode(), Path("s.yaml"), {}).warnings]
    assert any(words in warning and warning.startswith("s.yaml:") for warning in warnings), warnings


@pytest.mark.parametrize(("text", "words"), ERRORS.items(), ids=range(len(ERRORS)))
def test_contradictions_are_errors(text: str, words: str) -> None:
    """Contradictory keys and references to missing entries are errors with a suggestion."""
    with pytest.raises(ConfigError) as caught:
        parse_configuration(text.encode(), Path("s.yaml"), {})
    assert any(words in str(error) for error in caught.value.issues), str(caught.value)


@pytest.mark.parametrize(
    "query", ['"law and order"', "/bread and butter/", '="or" AND x', "title:x OR y NOT z", "orange"]
)
def test_quoted_and_valid_operators_give_no_warning(query: str) -> None:
    """Only words that look like a mistyped operator give a warning."""
    source = "sources: {a: {feed: 'https://x.example/f'}}"
    text = f"{source}\nrules: {{q: {{query: '{query}'}}}}\ndigests: {{d: {{rules: all, at: immediately}}}}\n"
    assert parse_configuration(text.encode(), Path("s.yaml"), {}).warnings == ()


def test_references_to_secrets_give_no_warning() -> None:
    """The id of a source or channel may be the name of a key for a secret."""
    text = "sources: {server: {feed: 'https://x.example', headers: {A: '${X}'}}}\nchannels: {url: {chat: '${Y}'}}\n"
    warnings = parse_configuration(text.encode(), Path("s.yaml"), {"X": "abcdef", "Y": "slack://a/b/c"}).warnings
    assert not [str(warning) for warning in warnings if "is plain text" in str(warning)]


def test_allowed_networks_and_rules_of_a_digest_give_no_warning() -> None:
    """There is no warning about a value that another key confirms."""
    text = (
        "settings: {allowed_networks: [127.0.0.0/8]}\nsources: {a: {feed: 'http://localhost:1/f', poll_interval: 1s}}\n"
        "rules: {r: {query: x}}\ndigests: {d: {rules: r, at: immediately}}\n"
    )
    assert parse_configuration(text.encode(), Path("s.yaml"), {}).warnings == ()
    assert parse_configuration((HEAD + DIGESTS).encode(), Path("s.yaml"), {}).warnings == ()


@pytest.mark.parametrize(("mode", "is_shared"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secret_in_a_file_that_others_can_read_is_an_error_of_check(
    tmp_path: Path, mode: int, is_shared: bool
) -> None:
    """A private file may have secrets in it, with a warning; the daemon is stopped by neither."""
    path = tmp_path / "sources.yaml"
    path.write_text("channels: {c: {webhook: {url: 'https://h.example/', secret: 'whsec_YWJj'}}}", encoding="utf-8")
    path.chmod(mode)
    (message,) = [one.message for one in load_configuration(path, {}).warnings if "a secret is readable" in one.message]
    assert ("other users of this machine" in message) is is_shared
    if not is_shared:
        assert load_configuration(path, {}, refuse_shared_secrets=True).warnings
        return
    with pytest.raises(ConfigError, match=r"secret: a secret is readable .* other users .*chmod 600"):
        load_configuration(path, {}, refuse_shared_secrets=True)


def test_a_reference_to_a_secret_is_allowed_in_any_file(tmp_path: Path) -> None:
    """The name of a variable or file is not a secret."""
    path = tmp_path / "sources.yaml"
    path.write_text(
        "settings: {database: 'postgresql+psycopg://monitor:${PW}@db.example/monitor'}\n"
        "channels: {c: {webhook: {url: 'https://h.example/', secret: '${KEY}'}}, e: {chat: '${CHAT}'}}",
        encoding="utf-8",
    )
    path.chmod(0o644)
    environ = {"PW": "p", "KEY": "whsec_YWJj", "CHAT": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"}
    assert load_configuration(path, environ, refuse_shared_secrets=True).channels
