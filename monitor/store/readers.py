"""Store of readers, the users of the web interface: accounts, sessions, one-time addresses, tokens and saved views.

Secret keys of sessions, one-time addresses, access tokens and feeds are stored as SHA-256 hashes only. A person who
reads the database or a backup can therefore not log in with them.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from monitor.domain.errors import UsageError
from monitor.domain.readers import (
    SESSION_IDLE_PERIOD,
    SESSION_MAX_PERIOD,
    AccessToken,
    Account,
    Role,
    SavedView,
    Scope,
    Session,
    login_delay,
)
from monitor.store.connections import Connections, insert_ignore, upsert
from monitor.store.core_tables import (
    ACCESS_TOKEN,
    LOGIN_ATTEMPT,
    LOGIN_LINK,
    READER,
    READER_SESSION,
    SAVED_VIEW,
)
from monitor.store.row_mapping import AnyRow

KEY_BYTES = 32
TOKEN_PREFIX = "mon_"  # noqa: S105 - the beginning of every token
TOUCH_INTERVAL = timedelta(minutes=5)
"""Minimum time between two records of the last use of a session or token.

Without it, each request would write to the database.
"""
ATTEMPT_RETENTION = timedelta(days=1)
MAX_SESSIONS, MAX_TOKENS, MAX_VIEWS = 50, 100, 200
"""Maximum numbers of sessions, tokens and views of one reader. A further login ends the oldest session."""


def hash_key(key: str) -> str:
    """Return the hash under which a random secret key, such as the key of a session, is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


class ReaderStore:
    """Store of readers, the people who log in to the web interface.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ensure_account(self, login: str, role: Role, now: datetime, name: str = "") -> Account:
        """Return the account with this login. If the login is new, create the account with this role and name."""
        row = {"login": login, "name": name, "role": str(role), "made_at": now, "seen_hit_id": 0}
        row |= {"password": "", "zone": "", "theme": "", "uses_keys": True}
        with self._connections.write_transaction() as connection:
            connection.execute(insert_ignore(READER, connection).values(row))
            return _load_account(connection, login)

    def add_account(self, login: str, role: Role, now: datetime, name: str = "") -> Account:
        """Create an account and return it. Raises ``UsageError`` if the login exists."""
        if self.find_account(login):
            raise UsageError(f"there is a reader {login!r} already; `monitor readers role` changes the role")
        return self.ensure_account(login, role, now, name)

    def find_account(self, login: str) -> Account | None:
        """Return the account with this login, or None if there is none."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(READER).where(READER.c.login == login)).first()
        return _account_from_row(row) if row else None

    def get_account(self, login: str) -> Account:
        """Return the account with this login. Raises ``UsageError`` if there is none."""
        if account := self.find_account(login):
            return account
        raise UsageError(f"there is no reader {login!r}; `monitor readers list` lists them")

    def list_accounts(self) -> list[Account]:
        """Return all accounts, sorted by login."""
        with self._connections.read_transaction() as connection:
            return [_account_from_row(row) for row in connection.execute(select(READER).order_by(READER.c.login))]

    def get_password_hash(self, login: str) -> str:
        """Return the password hash of an account.

        It is an empty string if the account has no password, is disabled or does not exist.
        """
        query = select(READER.c.password).where(READER.c.login == login, READER.c.disabled_at.is_(None))
        with self._connections.read_transaction() as connection:
            return connection.execute(query).scalar() or ""

    def set_password_hash(self, reader_id: int, password: str, keep_session: str = "") -> None:
        """Store a new password hash, and end all sessions of the reader except ``keep_session``.

        ``password`` is the hash, not the password itself.
        """
        with self._connections.write_transaction() as connection:
            connection.execute(update(READER).where(READER.c.id == reader_id).values(password=password))
            _end_sessions(connection, reader_id, keep_session)

    def set_role(self, login: str, role: Role) -> None:
        """Change the role of a reader, and end all sessions, one-time addresses, tokens and feeds of the reader.

        Raises ``UsageError`` if the desk would have no admin left.
        """
        account = self.get_account(login)
        with self._connections.write_transaction() as connection:
            connection.execute(update(READER).where(READER.c.id == account.id).values(role=str(role)))
            if account.role is Role.ADMIN and role is not Role.ADMIN:
                _require_admin(connection)
            _end_access(connection, account.id)

    def set_disabled(self, login: str, disabled_at: datetime | None) -> None:
        """Disable a reader, or enable the reader if ``disabled_at`` is None.

        Disabling also ends all sessions, one-time addresses, tokens and feeds of the reader, in the same transaction.
        Raises ``UsageError`` if the desk would have no admin left.
        """
        account = self.get_account(login)
        with self._connections.write_transaction() as connection:
            connection.execute(update(READER).where(READER.c.id == account.id).values(disabled_at=disabled_at))
            if disabled_at:
                if account.role is Role.ADMIN:
                    _require_admin(connection)
                _end_access(connection, account.id)

    def set_preferences(self, reader_id: int, *, zone: str, theme: str, uses_keys: bool) -> None:
        """Store the preferences of a reader: time zone, theme, and whether single keys work as shortcuts."""
        values = {"zone": zone, "theme": theme, "uses_keys": uses_keys}
        with self._connections.write_transaction() as connection:
            connection.execute(update(READER).where(READER.c.id == reader_id).values(values))

    def create_login_link(self, reader_id: int, now: datetime, period: timedelta) -> str:
        """Create a one-time address for logging in that is valid for ``period``, and return its secret code.

        One-time addresses that have expired are deleted.
        """
        code = secrets.token_urlsafe(KEY_BYTES)
        row = {"key_hash": hash_key(code), "reader_id": reader_id, "ends_at": now + period}
        with self._connections.write_transaction() as connection:
            connection.execute(delete(LOGIN_LINK).where(LOGIN_LINK.c.ends_at < now))
            connection.execute(insert(LOGIN_LINK).values(row))
        return code

    def use_login_link(self, code: str, now: datetime) -> Account | None:
        """Use up a one-time address: delete it, and return the account that it belongs to.

        The result is None if the code is unknown or has expired, or if the reader is disabled.
        """
        used = delete(LOGIN_LINK).where(LOGIN_LINK.c.key_hash == hash_key(code), LOGIN_LINK.c.ends_at >= now)
        with self._connections.write_transaction() as connection:
            reader_id = connection.execute(used.returning(LOGIN_LINK.c.reader_id)).scalar()
            found = (READER.c.id == reader_id, READER.c.disabled_at.is_(None))
            row = connection.execute(select(READER).where(*found)).first() if reader_id is not None else None
            return _account_from_row(row) if row else None

    def create_session(self, reader_id: int, now: datetime, agent: str = "", old_key: str = "") -> str:
        """Start a session of a reader, and return its secret key. The session with the key ``old_key`` ends."""
        key = secrets.token_urlsafe(KEY_BYTES)
        row = {"key_hash": hash_key(key), "reader_id": reader_id, "made_at": now, "seen_at": now}
        row |= {"ends_at": now + SESSION_MAX_PERIOD, "agent": agent[:200]}
        newest = (
            select(READER_SESSION.c.key_hash)
            .where(READER_SESSION.c.reader_id == reader_id)
            .order_by(READER_SESSION.c.made_at.desc())
            .limit(MAX_SESSIONS)
        )
        with self._connections.write_transaction() as connection:
            expired = (READER_SESSION.c.ends_at < now) | (READER_SESSION.c.key_hash == hash_key(old_key))
            connection.execute(delete(READER_SESSION).where(expired))
            connection.execute(insert(READER_SESSION).values(row))
            kept = list(connection.execute(newest).scalars())
            is_old = (READER_SESSION.c.reader_id == reader_id, READER_SESSION.c.key_hash.not_in(kept))
            connection.execute(delete(READER_SESSION).where(*is_old))
        return key

    def find_session(self, key: str, now: datetime) -> tuple[Account, bool] | None:
        """Return the account of a session, and whether ``touch_session`` must record that the session is used.

        The result is None if the reader is disabled, or if the session has ended: after ``SESSION_IDLE_PERIOD`` without
        use, and at the latest after ``SESSION_MAX_PERIOD``.
        """
        query = (
            select(READER, READER_SESSION.c.seen_at)
            .join_from(READER_SESSION, READER, READER.c.id == READER_SESSION.c.reader_id)
            .where(
                READER_SESSION.c.key_hash == hash_key(key),
                READER_SESSION.c.ends_at >= now,
                READER_SESSION.c.seen_at >= now - SESSION_IDLE_PERIOD,
                READER.c.disabled_at.is_(None),
            )
        )
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        return (_account_from_row(row), row.seen_at < now - TOUCH_INTERVAL) if row else None

    def touch_session(self, key: str, now: datetime) -> None:
        """Record that a session was used at ``now``."""
        with self._connections.write_transaction() as connection:
            used = update(READER_SESSION).where(READER_SESSION.c.key_hash == hash_key(key))
            connection.execute(used.values(seen_at=now))

    def list_sessions(self, reader_id: int, now: datetime) -> list[Session]:
        """Return the sessions of a reader, the last used first."""
        query = select(READER_SESSION).where(READER_SESSION.c.reader_id == reader_id, READER_SESSION.c.ends_at >= now)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(READER_SESSION.c.seen_at.desc()).limit(MAX_SESSIONS)).all()
        return [Session(row.key_hash, row.made_at, row.seen_at, row.ends_at, row.agent) for row in rows]

    def end_session(self, key: str) -> None:
        """End the session with this key."""
        with self._connections.write_transaction() as connection:
            connection.execute(delete(READER_SESSION).where(READER_SESSION.c.key_hash == hash_key(key)))

    def end_sessions(self, reader_id: int, keep_session: str = "") -> None:
        """End all sessions of a reader, except for the session with the key ``keep_session``."""
        with self._connections.write_transaction() as connection:
            _end_sessions(connection, reader_id, keep_session)

    def login_allowed_at(self, keys: Collection[str]) -> datetime | None:
        """Return the time from which the next login attempt is allowed, or None if no failed login is recorded.

        Failed logins are counted for each of ``keys``: the login, and the address of the client. The result is the
        latest time of all keys.
        """
        query = select(func.max(LOGIN_ATTEMPT.c.until_at)).where(LOGIN_ATTEMPT.c.key.in_(keys))
        with self._connections.read_transaction() as connection:
            until_at: datetime | None = connection.execute(query).scalar()
            return until_at

    def record_login_failure(self, keys: Collection[str], now: datetime) -> None:
        """Count a failed login for each of ``keys``: the login, and the address of the client.

        Also store the time of the next allowed attempt (see ``login_delay``).
        """
        with self._connections.write_transaction() as connection:
            connection.execute(delete(LOGIN_ATTEMPT).where(LOGIN_ATTEMPT.c.until_at < now - ATTEMPT_RETENTION))
            for key in keys:
                earlier = connection.execute(select(LOGIN_ATTEMPT.c.failures).where(LOGIN_ATTEMPT.c.key == key))
                failures = (earlier.scalar() or 0) + 1
                row = {"key": key, "failures": failures, "until_at": now + login_delay(failures)}
                connection.execute(upsert(LOGIN_ATTEMPT, connection, "key", row), row)

    def clear_login_failures(self, keys: Collection[str]) -> None:
        """Delete the failed logins that were counted for these keys."""
        with self._connections.write_transaction() as connection:
            connection.execute(delete(LOGIN_ATTEMPT).where(LOGIN_ATTEMPT.c.key.in_(keys)))

    def create_token(
        self, reader_id: int, name: str, scopes: Collection[Scope], now: datetime, period: timedelta
    ) -> tuple[AccessToken, str]:
        """Create an access token; return its record and the text of the token, which is not stored.

        Raises ``UsageError`` if the reader has ``MAX_TOKENS`` tokens already.
        """
        text = TOKEN_PREFIX + secrets.token_urlsafe(KEY_BYTES)
        row = {"reader_id": reader_id, "name": name, "prefix": text[:10], "key_hash": hash_key(text)}
        row |= {"scopes": " ".join(sorted(scopes)), "made_at": now, "ends_at": now + period}
        own = (ACCESS_TOKEN.c.reader_id == reader_id, ACCESS_TOKEN.c.revoked_at.is_(None), ACCESS_TOKEN.c.ends_at > now)
        with self._connections.write_transaction() as connection:
            if connection.execute(select(func.count()).where(*own)).scalar_one() >= MAX_TOKENS:
                raise UsageError(f"a reader has at most {MAX_TOKENS} tokens; revoke one first")
            new = connection.execute(insert(ACCESS_TOKEN).values(row).returning(ACCESS_TOKEN)).one()
        return _token_from_row(new), text

    def find_token(self, text: str, now: datetime) -> tuple[Account, AccessToken, bool] | None:
        """Return the account of an access token, the token's record, and whether ``touch_token`` must record its use.

        ``text`` is the token as a client sends it. The result is None if there is no such token, if it has ended or was
        revoked, or if its reader is disabled.
        """
        query = (
            select(ACCESS_TOKEN)
            .join_from(ACCESS_TOKEN, READER, READER.c.id == ACCESS_TOKEN.c.reader_id)
            .where(
                ACCESS_TOKEN.c.key_hash == hash_key(text),
                ACCESS_TOKEN.c.ends_at >= now,
                ACCESS_TOKEN.c.revoked_at.is_(None),
                READER.c.disabled_at.is_(None),
            )
        )
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            account = _account_from_row(connection.execute(select(READER).where(READER.c.id == row.reader_id)).one())
        token = _token_from_row(row)
        return account, token, token.used_at is None or token.used_at < now - TOUCH_INTERVAL

    def touch_token(self, token_id: int, now: datetime) -> None:
        """Record that a token was used at ``now``."""
        with self._connections.write_transaction() as connection:
            connection.execute(update(ACCESS_TOKEN).where(ACCESS_TOKEN.c.id == token_id).values(used_at=now))

    def list_tokens(self, reader_id: int | None = None) -> list[AccessToken]:
        """Return the access tokens of a reader, newest first. Without ``reader_id``, return the tokens of all readers.

        Revoked tokens are left out.
        """
        query = select(ACCESS_TOKEN).where(ACCESS_TOKEN.c.revoked_at.is_(None)).order_by(ACCESS_TOKEN.c.id.desc())
        if reader_id is not None:
            query = query.where(ACCESS_TOKEN.c.reader_id == reader_id)
        with self._connections.read_transaction() as connection:
            return [_token_from_row(row) for row in connection.execute(query.limit(1000))]

    def revoke_token(self, token_id: int, now: datetime, reader_id: int | None = None) -> None:
        """Revoke a token. Raises ``UsageError`` if no token has this id.

        If ``reader_id`` is given, the token must belong to this reader.
        """
        own = [ACCESS_TOKEN.c.id == token_id, ACCESS_TOKEN.c.revoked_at.is_(None)]
        if reader_id is not None:
            own.append(ACCESS_TOKEN.c.reader_id == reader_id)
        with self._connections.write_transaction() as connection:
            if connection.execute(update(ACCESS_TOKEN).where(*own).values(revoked_at=now)).rowcount == 0:
                raise UsageError(f"there is no token {token_id}; `monitor tokens list` lists them")

    def save_view(
        self, reader_id: int, name: str, query: str, now: datetime, *, with_feed: bool
    ) -> tuple[SavedView, str]:
        """Save the query string of a web page under a name. Return the saved view and the secret code of its feed.

        The code is part of the address of the feed, and is not stored. It is an empty string unless ``with_feed`` is
        set. Raises ``UsageError`` if the reader has ``MAX_VIEWS`` views already.
        """
        code = secrets.token_urlsafe(KEY_BYTES) if with_feed else ""
        row = {"reader_id": reader_id, "name": name, "query": query, "made_at": now}
        row["feed_hash"] = hash_key(code) if code else ""
        with self._connections.write_transaction() as connection:
            own = select(func.count()).where(SAVED_VIEW.c.reader_id == reader_id)
            if connection.execute(own).scalar_one() >= MAX_VIEWS:
                raise UsageError(f"a reader has at most {MAX_VIEWS} saved views; delete one first")
            new = connection.execute(insert(SAVED_VIEW).values(row).returning(SAVED_VIEW)).one()
        return _view_from_row(new), code

    def list_views(self, reader_id: int) -> list[SavedView]:
        """Return the saved views of a reader, newest first."""
        query = select(SAVED_VIEW).where(SAVED_VIEW.c.reader_id == reader_id).order_by(SAVED_VIEW.c.id.desc())
        with self._connections.read_transaction() as connection:
            return [_view_from_row(row) for row in connection.execute(query)]

    def delete_view(self, view_id: int, reader_id: int) -> None:
        """Delete a saved view of a reader; its feed then ends. Raises ``UsageError`` if the reader has no such view."""
        own = (SAVED_VIEW.c.id == view_id, SAVED_VIEW.c.reader_id == reader_id)
        with self._connections.write_transaction() as connection:
            if connection.execute(delete(SAVED_VIEW).where(*own)).rowcount == 0:
                raise UsageError(f"there is no saved view {view_id}")

    def find_feed(self, code: str) -> SavedView | None:
        """Return the saved view whose feed has this code.

        The result is None if no feed has the code, or if the reader is disabled.
        """
        enabled = exists().where(READER.c.id == SAVED_VIEW.c.reader_id, READER.c.disabled_at.is_(None))
        query = select(SAVED_VIEW).where(
            SAVED_VIEW.c.feed_hash == hash_key(code), SAVED_VIEW.c.feed_hash != "", enabled
        )
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        return _view_from_row(row) if row else None


def _load_account(connection: Connection, login: str) -> Account:
    return _account_from_row(connection.execute(select(READER).where(READER.c.login == login)).one())


def _end_sessions(connection: Connection, reader_id: int, keep_session: str) -> None:
    others = (READER_SESSION.c.reader_id == reader_id, READER_SESSION.c.key_hash != hash_key(keep_session))
    connection.execute(delete(READER_SESSION).where(*others))


def _end_access(connection: Connection, reader_id: int) -> None:
    """End the access of a reader: all sessions, one-time addresses, access tokens, and feeds of saved views."""
    for table in (READER_SESSION, LOGIN_LINK, ACCESS_TOKEN):
        connection.execute(delete(table).where(table.c.reader_id == reader_id))
    connection.execute(update(SAVED_VIEW).where(SAVED_VIEW.c.reader_id == reader_id).values(feed_hash=""))


def _require_admin(connection: Connection) -> None:
    admins = select(func.count()).where(READER.c.role == str(Role.ADMIN), READER.c.disabled_at.is_(None))
    if not connection.execute(admins).scalar_one():
        raise UsageError("the desk needs an admin; make another reader admin first")


def _account_from_row(row: AnyRow) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        zone=row.zone,
        theme=row.theme,
        uses_keys=row.uses_keys,
        seen_hit_id=row.seen_hit_id,
        has_password=bool(row.password),
        made_at=row.made_at,
        disabled_at=row.disabled_at,
    )


def _token_from_row(row: AnyRow) -> AccessToken:
    scopes = frozenset(map(Scope, row.scopes.split()))
    names = ("id", "reader_id", "name", "prefix", "made_at", "ends_at", "used_at", "revoked_at")
    return AccessToken(scopes=scopes, **{name: getattr(row, name) for name in names})


def _view_from_row(row: AnyRow) -> SavedView:
    names = ("id", "reader_id", "name", "query", "made_at")
    return SavedView(has_feed=bool(row.feed_hash), **{name: getattr(row, name) for name in names})
