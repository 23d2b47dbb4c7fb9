"""Commands of ``monitor readers``: manage the readers of the desk, and make one-time addresses for logging in."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    load_config,
    print_json_lines,
    print_table,
)
from monitor.cli.web import ListenOption, read_listen_option
from monitor.domain.errors import UsageError
from monitor.domain.readers import INVITATION_PERIOD, LOGIN_LINK_PERIOD, OWNER_LOGIN, Role
from monitor.domain.values import replace

if TYPE_CHECKING:
    from monitor.domain.web_settings import ListenAddress, WebSettings

app = create_command_group("List and add the readers of the desk; print one-time addresses to log in.")
LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="The login of a reader.", show_default=False)]
MAX_LOGIN_CHARS = 100


@app.command("list")
def list_readers(
    config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False
) -> None:
    """List the readers with their roles."""
    with open_database(load_config(config, database)) as opened:
        accounts = opened.readers.list_accounts()
    if json:
        print_json_lines(
            {
                "login": one.login,
                "name": one.name,
                "role": one.role,
                "password": one.has_password,
                "made_at": one.made_at,
                "disabled_at": one.disabled_at,
            }
            for one in accounts
        )
        return
    rows = ((one.login, one.name, one.role, "yes" if one.has_password else "", one.disabled_at) for one in accounts)
    print_table(("login", "name", "role", "password", "disabled"), rows, "There are no readers.")


@app.command()
def add(
    login: LoginArgument,
    role: Annotated[Role, typer.Option("--role", help="The rights of the reader.")] = Role.VIEWER,
    name: Annotated[str, typer.Option("--name", help="The name to show.", show_default=False)] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Add a reader, and print a one-time address for the first login, which is valid for three days."""
    if not login.strip() or len(login) > MAX_LOGIN_CHARS or any(not letter.isprintable() for letter in login):
        raise UsageError(f"a login has 1 to {MAX_LOGIN_CHARS} printable characters")
    configuration = load_config(config, database)
    with open_database(configuration) as opened:
        now = datetime.now(UTC)
        account = opened.readers.add_account(login.strip(), role, now, name)
        code = opened.readers.create_login_link(account.id, now, INVITATION_PERIOD)
    typer.echo(f"{account.login} is {account.role}. First login: {format_address(configuration.settings.web, code)}")


@app.command()
def link(
    login: Annotated[str, typer.Argument(metavar="[LOGIN]", help="The login of a reader.")] = OWNER_LOGIN,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    listen: ListenOption = "",
) -> None:
    """Print a one-time address that logs a reader in; it is valid for ten minutes.

    If the desk was started with --listen, give the same address here.
    """
    address, configuration = read_listen_option(listen), load_config(config, database)
    with open_database(configuration) as opened:
        now = datetime.now(UTC)
        if login == OWNER_LOGIN:
            account = opened.readers.ensure_account(login, Role.ADMIN, now)
        else:
            account = opened.readers.get_account(login)
        code = opened.readers.create_login_link(account.id, now, LOGIN_LINK_PERIOD)
    typer.echo(format_address(configuration.settings.web, code, address))


def format_address(settings: "WebSettings | None", code: str, listen: "ListenAddress | None" = None) -> str:
    """Return the one-time address that contains a code.

    It begins with the configured URL of the desk. If no URL is configured, it begins with the host and port in
    ``listen`` or, if this is None, with the configured host and port.
    """
    from monitor.domain.web_settings import WebSettings

    wanted = settings or WebSettings()
    return f"{(replace(wanted, listen=listen) if listen else wanted).public_url}/login/{code}"


@app.command()
def password(login: LoginArgument, config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "") -> None:
    """Ask for a new password of a reader and set it; the reader's sessions end."""
    from monitor.web.passwords import hash_password

    with open_database(load_config(config, database)) as opened:
        account = opened.readers.get_account(login)
        text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        try:
            opened.readers.set_password_hash(account.id, hash_password(text))
        except ValueError as error:
            raise UsageError(str(error)) from None
    typer.echo(f"The password of {login} is set.")


@app.command()
def role(
    login: LoginArgument,
    new_role: Annotated[Role, typer.Argument(metavar="ROLE", help="The rights of the reader.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Change the role of a reader; the reader's sessions, access tokens and feeds end."""
    with open_database(load_config(config, database)) as opened:
        opened.readers.set_role(login, new_role)
    typer.echo(f"{login} is {new_role}.")


@app.command()
def disable(login: LoginArgument, config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "") -> None:
    """Disable a reader; the reader's sessions, access tokens and feeds end at once."""
    with open_database(load_config(config, database)) as opened:
        opened.readers.set_disabled(login, datetime.now(UTC))
    typer.echo(f"{login} is disabled.")


@app.command()
def enable(login: LoginArgument, config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "") -> None:
    """Enable a disabled reader."""
    with open_database(load_config(config, database)) as opened:
        opened.readers.set_disabled(login, None)
    typer.echo(f"{login} is enabled.")
