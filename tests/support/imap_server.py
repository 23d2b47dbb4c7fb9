"""A small IMAP server (RFC 3501, as far as a reader needs it) with one account; it records every command."""

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD, TOKEN = "desk@example.org", "pass word", "ya29.token"


@dataclass
class ImapServer:
    """State of the server. ``fault`` makes it misbehave: "hang", "drip", "literal", "no starttls" or "garbage"."""

    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    uid_validity: int = 7
    fault: str = ""
    commands: list[str] = field(default_factory=list)
    port: int = 0
    context: ssl.SSLContext | None = None
    starts_with_tls: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    def deliver(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Add messages to a folder."""
        box = self.folders.setdefault(folder, {})
        for message in messages:
            box[max(box, default=0) + 1] = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    state: ImapServer
    is_secure = False

    def handle(self) -> None:
        """Answer commands until the client leaves."""
        self.state = self.server.state  # type: ignore[attr-defined]  # set by serving_imap
        self.folder: dict[int, bytes] = {}
        try:
            if self.state.starts_with_tls:
                self._start_tls()
            self._send("* OK ready" if self.state.fault != "garbage" else "220 smtp.example.org ESMTP")
            while line := self.rfile.readline().decode("utf-8").strip():
                tag, _, command = line.partition(" ")
                self.state.commands.append(command)
                if command.startswith("LOGOUT"):
                    self._send("* BYE", f"{tag} OK done")
                    return
                self._answer(tag, command)
        except (OSError, ValueError):
            pass  # the client has closed the connection

    def _answer(self, tag: str, command: str) -> None:
        verb = command.split(" ", maxsplit=1)[0].upper()
        if verb == "CAPABILITY":
            more = "" if self.is_secure or self.state.fault == "no starttls" else " STARTTLS"
            self._send(f"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2{more}", f"{tag} OK done")
        elif verb == "STARTTLS":
            self._send(f"{tag} OK done")
            self._start_tls()
        elif verb in {"LOGIN", "AUTHENTICATE"}:
            self._log_in(tag, command)
        elif verb in {"EXAMINE", "SELECT"}:
            name = re.sub(r'^\w+ "?(.*?)"?$', r"\1", command)
            if name not in self.state.folders:
                self._send(f"{tag} NO [NONEXISTENT] no such folder")
                return
            self.folder = self.state.folders[name]
            self._send(
                f"* {len(self.folder)} EXISTS", f"* OK [UIDVALIDITY {self.state.uid_validity}]", f"{tag} OK [READ-ONLY]"
            )
        elif command.upper().startswith("UID SEARCH UID "):
            self._search(tag, int(command.split()[3].partition(":")[0]))
        elif command.upper().startswith("UID FETCH "):
            self._fetch(tag, command)
        else:
            self._send(f"{tag} BAD unknown command")

    def _log_in(self, tag: str, command: str) -> None:
        if command.startswith("AUTHENTICATE XOAUTH2"):
            self._send("+ ")
            given = base64.b64decode(self.rfile.readline()).decode()
            is_valid = given == f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01"
            if not is_valid:
                self._send("+ eyJzdGF0dXMiOiI0MDAifQ==")
                self.rfile.readline()
        else:
            is_valid = command == f'LOGIN {USER} "{PASSWORD}"'
        self._send(f"{tag} OK done" if is_valid else f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")

    def _search(self, tag: str, first: int) -> None:
        if self.state.fault == "hang":
            self.state.stopping.wait(60)
        last = max(self.folder, default=0)
        found = [uid for uid in sorted(self.folder) if uid >= first or uid == last]  # n:* always has the last message
        self._send(f"* SEARCH {' '.join(map(str, found))}".rstrip(), f"{tag} OK done")

    def _fetch(self, tag: str, command: str) -> None:
        uid = int(command.split()[2])
        limit = int(re.search(r"<0\.(\d+)>", command)[1])  # type: ignore[index]  # the only form that is asked for
        body = self.folder.get(uid, b"")[:limit]
        if self.state.fault == "literal":
            self._send(f"* 1 FETCH (UID {uid} BODY[]<0> {{99999999999}}")
            return
        if uid in self.folder:
            self._send(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}")
            for at in range(0, len(body), 1 if self.state.fault == "drip" else len(body) or 1):
                self.wfile.write(body[at : at + 1] if self.state.fault == "drip" else body)
                if self.state.fault == "drip":
                    self.state.stopping.wait(0.05)
            self._send(")")
        self._send(f"{tag} OK done")

    def _start_tls(self) -> None:
        assert self.state.context is not None
        self.connection = self.state.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.is_secure = True

    def _send(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    state: ImapServer


@contextmanager
def serving_imap(context: ssl.SSLContext, *, starts_with_tls: bool = True, fault: str = "") -> Iterator[ImapServer]:
    """Run the server on a free port of loopback."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.state = ImapServer(
            fault=fault, port=server.server_address[1], context=context, starts_with_tls=starts_with_tls
        )
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.state
        server.state.stopping.set()
        server.shutdown()
