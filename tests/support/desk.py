"""The desk in the process of a test: its application on a database, and a reader who is logged in."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.testclient import TestClient
from support.rows import NOW

from monitor.config.file_editor import FileEditor
from monitor.config.load import parse_configuration
from monitor.config.reload import load_last_good_text
from monitor.domain.readers import Account, Role
from monitor.domain.secret import Secret
from monitor.domain.web_settings import WebSettings
from monitor.match.lint import lint_watchlist
from monitor.pipeline.compose_digests import DigestComposer
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database
from monitor.web.application import create_app
from monitor.web.context import DeskContext, Snapshot
from monitor.web.editing import Editing
from monitor.web.page import SESSION_COOKIE
from monitor.web.rehearsals import Rehearsals
from monitor.web.security import make_form_token
from monitor.web.source_setup import SourceSetup

HOST = "127.0.0.1:8788"
SIGNING_KEY = "k" * 40
CONFIGURATION = """
settings: {timezone: Asia/Vientiane}
sources:
  times: {name: The Times, feed: "https://times.example/rss"}
  post: {name: The Post, feed: "https://post.example/rss"}
officials:
  somebody: {name: Some Body, country: Laos, roles: [Minister of Rivers]}
  other: {name: Other One, country: Laos}
rules: {rule: {officials: all}, rivers: {query: river}}
channels: {desk: {folder: outbox}}
digests: {morning: {rules: all, at: "07:00", channels: [desk]}}
"""


class FixedLoader:
    """Loader of one configuration."""

    def __init__(self, text: str = CONFIGURATION) -> None:
        self.snapshot = Snapshot(parse_configuration(text.encode(), Path("sources.yaml"), {}), "1")

    def load(self, current: Snapshot | None) -> Snapshot:
        return self.snapshot


@dataclass
class FixedClock:
    """Clock that tests set."""

    now: datetime = NOW + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


class ThreadPool:
    """Pool of processes that runs its work in a thread."""

    async def run(self, work: Callable[..., Any], *args: object) -> Any:
        return await asyncio.to_thread(work, *args)


@dataclass
class Desk:
    """The desk on a database, with a client that sends requests as a browser does."""

    database: Database
    settings: WebSettings = field(default_factory=WebSettings)
    clock: FixedClock = field(default_factory=FixedClock)
    loader: FixedLoader = field(default_factory=FixedLoader)
    redact: Callable[[str], str] = str
    peer: str = "127.0.0.1"
    file: Path | None = None
    """The configuration file, if it can be edited."""
    source_setup: SourceSetup | None = None
    oidc_provider: object | None = None

    def __post_init__(self) -> None:
        self.context = DeskContext(
            self.database, self.settings, self.loader, self.clock, self.redact, signing_key=SIGNING_KEY
        )
        composer = DigestComposer(self.database, CronDigestSchedule(), self.clock)
        editing = self.make_editing(self.file) if self.file else None
        self.app = create_app(self.context, composer, editing, self.source_setup, self.oidc_provider)
        self.api = self.app.state.api
        self.client = TestClient(
            self.app,
            base_url=f"http://{HOST}",
            follow_redirects=False,
            raise_server_exceptions=False,
            client=(self.peer, 50000),
        )

    def make_editing(self, file: Path) -> Editing:
        """Return the editor of a file; rehearsals run in a thread of this process."""
        url = Secret(f"sqlite:///{self.database._connections.database_file}")
        load_last_good = partial(load_last_good_text, self.database.key_values, file)
        editor = FileEditor(file, {}, self.redact, (lint_watchlist,), load_last_good=load_last_good)
        return Editing(editor, Rehearsals(ThreadPool(), url))

    def log_in(self, login: str = "owner", role: Role = Role.ADMIN) -> "Reader":
        """Log a reader in with a session of the database."""
        account = self.database.readers.ensure_account(login, role, self.clock())
        key = self.database.readers.create_session(account.id, self.clock(), "test browser")
        return Reader(self, account, key)

    def get(self, path: str, **headers: str) -> Any:
        """Open a page without a login."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, fields: Mapping[str, Any], **headers: str) -> Any:
        """Send a form of the desk without a login."""
        return self.client.post(
            path,
            content=urlencode(fields, doseq=True),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"} | headers,
        )


@dataclass
class Reader:
    """Reader who is logged in."""

    desk: Desk
    account: Account
    key: str

    @property
    def cookie(self) -> dict[str, str]:
        """Header with the cookie of the session."""
        return {"Cookie": f"{SESSION_COOKIE}={self.key}"}

    def get(self, path: str, **headers: str) -> Any:
        """Open a page."""
        return self.desk.client.get(path, headers=self.cookie | headers)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """Send a form of the desk, with its token."""
        form = {"form_token": make_form_token(self.key)} | dict(fields or {})
        return self.desk.post(path, form, **(self.cookie | headers))
