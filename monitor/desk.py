"""Process of the desk: opens the database and serves the web pages until it is stopped."""

import asyncio
import contextlib
import os
import shlex
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from msgspec import Struct
from starlette.routing import Route

from monitor.app import (
    MATCHING_IDLE_SECONDS,
    MATCHING_LIMITS,
    build_translator,
    load_signing_key,
    open_fetcher,
    utc_now,
)
from monitor.config.file_editor import FileEditor
from monitor.config.load import load_configuration, parse_configuration
from monitor.config.reload import CONFIGURATION_PATH_SETTING, find_database_url, load_last_good_text
from monitor.deliver.registry import find_channel_faults
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError, UsageError
from monitor.domain.ports import Clock
from monitor.domain.read_models import SavedConfiguration
from monitor.domain.readers import LOGIN_LINK_PERIOD, OWNER_LOGIN, Role
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.domain.web_settings import ListenAddress, LoginMethod, WebSettings
from monitor.fetch.transport import create_guarded_transport
from monitor.insight.notices import InsightNotices
from monitor.match.lint import lint_sources, lint_watchlist
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.status_report import parse_daemon_status
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import Database, OpenMode
from monitor.store.key_value import CONFIGURATION_KEY
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.redact import Redactor, find_secrets
from monitor.web.application import create_app
from monitor.web.connections import LimitedConnection
from monitor.web.context import DeskContext, Snapshot
from monitor.web.editing import Editing
from monitor.web.rehearsals import Rehearsals
from monitor.web.source_setup import SourceSetup

MAX_CONNECTIONS, SHUTDOWN_SECONDS = 64, 5
REHEARSAL_LIMITS = JobLimits(wall_seconds=60, cpu_seconds=60, memory_bytes=1_500_000_000)
REHEARSAL_IDLE_SECONDS = 30.0

log = structlog.get_logger("monitor")


class DeskOptions(Struct, frozen=True):
    """Options of the command that serves the desk.

    ``path`` is the configuration file. ``database`` replaces the configured database URL, and ``listen`` the configured
    address. With ``is_child``, the process ends when its standard input is closed, and prints no one-time address for
    logging in.
    """

    path: Path
    database: str = ""
    listen: ListenAddress | None = None
    is_child: bool = False

    @property
    def link_command(self) -> str:
        """The command that prints another one-time login address of this desk.

        It has no option for a database that replaces the configured one, because the database URL may contain a
        password.
        """
        words = ["monitor", "readers", "link"]
        if self.path != Path("sources.yaml"):
            words += ["--config", str(self.path)]
        if self.listen:
            words += ["--listen", str(self.listen)]
        return shlex.join(words)


class StoredConfigurationLoader:
    """Loader of the configuration that the daemon uses. ``path`` is the configuration file.

    While a daemon runs with this file, the configuration that it saved in the database is returned. Otherwise the file
    itself is read, as the next daemon will read it. If no daemon runs and the file has errors, the configuration that
    the last daemon saved for this file is returned.
    """

    def __init__(self, database: Database, path: Path, environ: Mapping[str, str], redactor: Redactor) -> None:
        self._database, self._path, self._environ, self._redactor = database, path, environ, redactor

    def load(self, current: Snapshot | None) -> Snapshot:
        """Return the present configuration.

        If nothing has changed since ``current`` was loaded, the result is ``current`` itself.
        """
        store = self._database.key_values
        is_saved = store.get(CONFIGURATION_PATH_SETTING) == str(self._path.absolute())
        changed_at = store.changed_at(CONFIGURATION_KEY) if is_saved else None
        is_stopped = parse_daemon_status(store.get("daemon"), utc_now()).state == "stopped"
        version = f"saved {changed_at}" if changed_at else ""
        if is_stopped or not changed_at:
            version += f"file {_file_version(self._path)}"
        if current and current.version == version:
            return current
        saved = store.get_saved_configuration() if changed_at else None
        try:
            if saved and not is_stopped:
                configuration = self._parse(saved)
            else:
                configuration = load_configuration(self._path, self._environ, require_secrets=False)
        except ConfigError:
            if saved is None or not is_stopped:
                raise
            configuration = self._parse(saved)
        self._redactor.add_secrets(find_secrets(configuration))
        return Snapshot(configuration, version)

    def _parse(self, saved: SavedConfiguration) -> Configuration:
        return parse_configuration(saved.text.encode(), self._path, self._environ, require_secrets=False)


def _file_version(path: Path) -> str:
    with contextlib.suppress(OSError):
        found = path.stat()
        return f"{found.st_mtime_ns} {found.st_size}"
    return ""


async def run_desk(options: DeskOptions, environ: Mapping[str, str], clock: Clock = utc_now) -> None:
    """Serve the desk until SIGTERM or SIGINT.

    Raises ``ConfigError``, ``StoreError``, or ``UsageError`` if the address cannot be used.
    """
    redactor = Redactor()
    set_up_logging(redactor)
    found = Secret(options.database) if options.database else find_database_url(options.path, environ)
    url = found or load_configuration(options.path, environ, require_secrets=False).settings.database
    redactor.add_secrets([url])
    async with AsyncExitStack() as stack:
        database = Database.open(url.reveal(), OpenMode.EXISTING)
        stack.callback(database.close)
        loader = StoredConfigurationLoader(database, options.path, environ, redactor)
        snapshot = await asyncio.to_thread(loader.load, None)
        settings = choose_settings(snapshot.configuration, options.listen)
        listener = stack.enter_context(open_listener(settings.listen))
        pool = await stack.enter_async_context(SubprocessPool(1, MATCHING_LIMITS, idle_seconds=MATCHING_IDLE_SECONDS))
        context = DeskContext(database, settings, loader, clock, redactor, pool, load_signing_key(settings, url))
        translator = build_translator(snapshot.configuration)
        notices = InsightNotices(database)
        composer = DigestComposer(database, CronDigestSchedule(), clock, translator=translator, notice_source=notices)
        parsing = await stack.enter_async_context(SubprocessPool(1, idle_seconds=MATCHING_IDLE_SECONDS))
        app = create_app(
            context,
            composer,
            await build_editing(options.path, environ, redactor, url, database, stack),
            SourceSetup(open_fetcher, parsing),
            build_oidc(settings, snapshot.configuration),
        )
        await add_assistant(app, context, stack)
        if not options.is_child:
            await announce(database, settings, clock, options)
        await serve(app, listener, is_child=options.is_child)


def build_oidc(settings: WebSettings, configuration: Configuration) -> object | None:
    """Return the OpenID provider by which readers log in, or None if none is configured.

    Raises ``UsageError`` if the extra packages are missing.
    """
    if settings.login is not LoginMethod.OIDC or settings.oidc is None:
        return None
    try:
        from monitor.web.oidc import REQUEST_SECONDS, OidcProvider
    except ModuleNotFoundError as error:
        raise UsageError("settings.web.login: oidc needs more packages: pip install 'monitor[oidc]'") from error

    def open_client() -> httpx.AsyncClient:
        transport = create_guarded_transport(configuration.settings.allowed_networks)
        return httpx.AsyncClient(transport=transport, timeout=REQUEST_SECONDS)

    return OidcProvider(settings.oidc, settings.public_url, open_client)


async def run_tools(options: DeskOptions, environ: Mapping[str, str], clock: Clock = utc_now) -> None:
    """Serve the tools for AI assistants over standard input and output. The database is opened as read-only.

    Raises ``ConfigError``, ``StoreError``, or ``UsageError`` if the extra packages are missing.
    """
    try:
        from monitor.web.assistant import create_server
    except ModuleNotFoundError as error:
        raise UsageError("the tools need more packages: pip install 'monitor[mcp]'") from error
    redactor = Redactor()
    found = Secret(options.database) if options.database else find_database_url(options.path, environ)
    url = found or load_configuration(options.path, environ, require_secrets=False).settings.database
    redactor.add_secrets([url])
    database = Database.open(url.reveal(), OpenMode.READ_ONLY)
    try:
        loader = StoredConfigurationLoader(database, options.path, environ, redactor)
        snapshot = await asyncio.to_thread(loader.load, None)
        context = DeskContext(database, choose_settings(snapshot.configuration, None), loader, clock, redactor)
        await create_server(context).run_stdio_async()
    finally:
        database.close()


async def build_editing(
    path: Path, environ: Mapping[str, str], redactor: Redactor, url: Secret, database: Database, stack: AsyncExitStack
) -> Editing:
    """Return the object with which readers edit the configuration.

    It contains an editor of the configuration files and a runner of rehearsals.

    The editor makes the same checks as `monitor check`. A rehearsal is a trial run of edited rules on stored articles.
    """
    pool = await stack.enter_async_context(SubprocessPool(1, REHEARSAL_LIMITS, REHEARSAL_IDLE_SECONDS))
    rehearsals = Rehearsals(pool, url)
    stack.push_async_callback(rehearsals.aclose)
    editor = FileEditor(
        path,
        environ,
        redactor,
        (lint_watchlist,),
        find_channel_faults=find_channel_faults,
        check_sources=lint_sources,
        load_last_good=partial(load_last_good_text, database.key_values, path),
        count_secrets=redactor.count_secrets,
    )
    return Editing(editor, rehearsals)


def choose_settings(configuration: Configuration, listen: ListenAddress | None) -> WebSettings:
    """Return the configured settings of the desk. If ``listen`` is given, it replaces the configured address."""
    settings = configuration.settings.web or WebSettings()
    return replace(settings, listen=listen) if listen else settings


async def add_assistant(app: FastAPI, context: DeskContext, stack: AsyncExitStack) -> None:
    """Add the tools for AI assistants to the web application, at ``/mcp``, if their packages are installed."""
    try:
        from monitor.web.assistant import create_server
        from monitor.web.assistant_http import PATH, AssistantEndpoint
    except ModuleNotFoundError:
        return
    endpoint = AssistantEndpoint(context, create_server(context))
    await stack.enter_async_context(endpoint.session_manager.run())
    app.router.routes.append(Route(PATH, endpoint, methods=["GET", "POST", "DELETE"]))


async def announce(database: Database, settings: WebSettings, clock: Clock, options: DeskOptions) -> None:
    """Print the address of the desk.

    If readers log in with one-time addresses, print a new one-time address instead, and the command that makes
    another. This command contains the options with which the desk was started.
    """
    if settings.login is not LoginMethod.TOKEN:
        sys.stdout.write(f"The desk: {settings.public_url}/\n")
        return
    link = await database.run(create_login_address, database, settings, OWNER_LOGIN, clock)
    minutes = int(LOGIN_LINK_PERIOD.total_seconds() // 60)
    sys.stdout.write(f"The desk: {link}\nThis address logs in once, in the next {minutes} minutes; ")
    sys.stdout.write(f"`{options.link_command}` prints another one. Ctrl-C stops the desk.\n")
    sys.stdout.flush()


def create_login_address(database: Database, settings: WebSettings, login: str, clock: Clock) -> str:
    """Create a one-time address for logging in as the reader with this login, and return the address.

    If the account of the owner does not exist, it is created.
    """
    now, readers = clock(), database.readers
    account = readers.ensure_account(login, Role.ADMIN, now) if login == OWNER_LOGIN else readers.get_account(login)
    code = readers.create_login_link(account.id, now, LOGIN_LINK_PERIOD)
    return f"{settings.public_url}/login/{code}"


def open_listener(address: ListenAddress) -> socket.socket:
    """Return a socket that listens on an address. Raises ``UsageError`` if the address cannot be used."""
    family = socket.AF_UNIX if address.socket else socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if address.socket:
            with contextlib.suppress(FileNotFoundError):
                Path(address.socket).unlink()
            listener.bind(address.socket)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        place = address.socket or f"{address.host}:{address.port}"
        raise UsageError(f"the desk cannot listen on {place} ({error.strerror}); set settings.web.listen") from error
    return listener


async def serve(app: uvicorn.Config | object, listener: socket.socket, *, is_child: bool = False) -> None:
    """Serve a web application on a socket until SIGTERM or SIGINT.

    With ``is_child``, the server also stops when standard input ends, because the parent process has then ended.
    """
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        http=LimitedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)
    watcher = asyncio.create_task(_stop_at_end_of_input(server)) if is_child else None
    try:
        await server.serve([listener])
    finally:
        if watcher:
            watcher.cancel()


async def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    """Stop the server when standard input ends, because the parent process has then ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    os.set_blocking(sys.stdin.fileno(), False)

    def read() -> None:
        with contextlib.suppress(BlockingIOError):
            if not os.read(sys.stdin.fileno(), 1024):
                loop.remove_reader(sys.stdin.fileno())
                ended.set()

    loop.add_reader(sys.stdin.fileno(), read)
    await ended.wait()
    server.should_exit = True
