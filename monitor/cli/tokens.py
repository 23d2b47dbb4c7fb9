"""Commands of ``monitor tokens``: access tokens of the API."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.articles import open_database, open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    format_time,
    load_config,
    print_json_lines,
    print_table,
)
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.errors import UsageError
from monitor.domain.readers import DEFAULT_TOKEN_PERIOD, OWNER_LOGIN, Role, Scope

app = create_command_group("Make, list and revoke access tokens of the API.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program that uses it.", show_default=False)],
    login: Annotated[str, typer.Option("--reader", help="The reader in whose name it acts.")] = OWNER_LOGIN,
    scope: Annotated[list[Scope] | None, typer.Option("--scope", help="A scope; may be repeated.")] = None,
    period: Annotated[str, typer.Option("--for", metavar="LENGTH", help="Validity, such as 90d.")] = "90d",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Create an access token and print it; the token cannot be shown again."""
    from monitor.domain.value_parsers import parse_duration

    try:
        length = parse_duration(period) if period else DEFAULT_TOKEN_PERIOD
    except ValueError as error:
        raise UsageError(f"--for '{period}': {error}") from None
    with open_database(load_config(config, database)) as opened:
        now, readers = datetime.now(UTC), opened.readers
        is_owner = login == OWNER_LOGIN
        account = readers.ensure_account(login, Role.ADMIN, now) if is_owner else readers.get_account(login)
        _token, text = readers.create_token(account.id, name, scope or [Scope.READ], now, length)
    typer.echo(text)


@app.command("list")
def list_tokens(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False) -> None:
    """List the access tokens with their scopes, newest first."""
    with open_to_read(load_config(config, database)) as opened:
        found = opened.readers.list_tokens()
        logins = {account.id: account.login for account in opened.readers.list_accounts()}
    if json:
        print_json_lines(
            {
                "id": one.id,
                "reader": logins.get(one.reader_id, ""),
                "name": one.name,
                "prefix": one.prefix,
                "scopes": sorted(one.scopes),
                "ends_at": one.ends_at,
                "used_at": one.used_at,
            }
            for one in found
        )
        return
    rows = (
        (
            one.id,
            logins.get(one.reader_id, ""),
            one.name,
            one.prefix,
            " ".join(sorted(one.scopes)),
            format_time(one.ends_at),
            format_time(one.used_at),
        )
        for one in found
    )
    print_table(("id", "reader", "name", "begins with", "scopes", "until", "used"), rows, "There are no tokens.")


@app.command()
def revoke(
    token: Annotated[int, typer.Argument(max=MAX_NUMBER, metavar="ID", help="An id in `monitor tokens list`.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Revoke an access token."""
    with open_database(load_config(config, database)) as opened:
        opened.readers.revoke_token(token, datetime.now(UTC))
    typer.echo(f"Token {token} is revoked.")
