"""The tools for AI assistants over HTTP, at ``/mcp``. A request needs an access token with the scope to read."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.domain.readers import NotAllowed, Right, token_identity
from monitor.web.api.requests import REQUESTS_PER_MINUTE, RateLimited, RateLimiter, problem
from monitor.web.context import DeskContext
from monitor.web.security import allowed_hosts

PATH = "/mcp"


class AssistantEndpoint:
    """ASGI application that serves the tools for AI assistants. A request without a valid access token is refused."""

    def __init__(self, context: DeskContext, server: MCPServer[Any]) -> None:
        hosts = sorted(allowed_hosts(context.settings))
        origins = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
        security = TransportSecuritySettings(
            enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
        )
        self._app: ASGIApp = server.streamable_http_app(
            streamable_http_path=PATH, stateless_http=True, json_response=True, transport_security=security
        )
        self._context, self._limiter = context, RateLimiter(REQUESTS_PER_MINUTE)
        self.session_manager = server.session_manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the access token of a request, then pass the request to the MCP server.

        A request is refused if the token is not valid or does not include the right to read, or if too many requests
        were sent with it.
        """
        scheme, _, text = Request(scope).headers.get("authorization", "").partition(" ")
        context = self._context
        found = None
        if scheme.lower() == "bearer" and 0 < len(text) <= 200:
            found = await context.read(context.database.readers.find_token, text.strip(), context.clock())
        if found is None:
            detail = "give an access token with the scope read: Authorization: Bearer mon_..."
            await problem(401, "An access token is needed", detail)(scope, receive, send)
            return
        account, token, _is_due = found
        try:
            token_identity(account, token.scopes, token.id).require(Right.READ)
            self._limiter.count(token.id)
        except NotAllowed as error:
            await problem(403, "Not allowed", str(error))(scope, receive, send)
        except RateLimited as error:
            await problem(429, "Too many requests", str(error), seconds=error.seconds)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
