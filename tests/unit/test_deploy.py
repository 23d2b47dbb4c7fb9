"""Files in deploy/: their commands exist, they contain no secret, and they stay hardened."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.command_line import app

from monitor.domain.configuration import Settings
from monitor.domain.secret import Secret

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HARDENED = {
    "CapabilityBoundingSet": "",
    "DynamicUser": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "StateDirectory": "monitor",
    "SystemCallArchitectures": "native",
    "Type": "notify",
    "WatchdogSec": "60",
    "UMask": "0077",
    "Restart": "always",
    "StartLimitIntervalSec": "0",
}


def unit() -> dict[str, list[str]]:
    """Return the unit file as keys with their values, in order."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "monitor.service").read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile as pairs of instruction and arguments, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def check_command(words: list[str]) -> None:
    """Fail unless ``words`` are a command of this program with existing options."""
    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined] # a typer app is a group
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_the_service_is_hardened() -> None:
    """It has no privileges, writes only its state, and uses no unusual sockets or system calls."""
    read = unit()
    assert {key: read[key][-1] for key in HARDENED} == HARDENED
    assert read["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert "link-local" in read["IPAddressDeny"][0]


def test_the_service_runs_an_existing_command() -> None:
    """ExecStart has a command and options of this program, and the environment a database inside the state folder."""
    program, *words = shlex.split(unit()["ExecStart"][0])
    assert program.endswith("/bin/monitor")
    check_command(words)
    assert "MONITOR_DATABASE=sqlite:////var/lib/monitor/monitor.db" in shlex.split(unit()["Environment"][0])


def test_the_service_names_the_commands_to_look() -> None:
    """They are for the same file and database as the daemon's."""
    text = (DEPLOY / "monitor.service").read_text(encoding="utf-8")
    for setting in shlex.split(unit()["Environment"][0]):
        assert re.search(rf"^#   export .*{re.escape(setting)}", text, re.MULTILINE)
    (words,) = re.findall(r"^#   sudo \S+ /opt/monitor/bin/monitor (\w+)", text, re.MULTILINE)
    check_command([words])


def test_the_service_has_time_to_finish_running_work() -> None:
    """After SIGTERM work may finish for 20 seconds before systemd kills the process."""
    assert int(unit()["TimeoutStopSec"][0]) > 20


def test_the_image_is_built_in_two_stages_and_runs_without_root() -> None:
    """The last stage has no build tools and a numeric user that is not root, and signals reach the program."""
    lines = instructions()
    words = [word for word, _ in lines]
    assert words.count("FROM") == 2
    last = dict(lines[max(i for i, word in enumerate(words) if word == "FROM") :])
    assert int(last["USER"].partition(":")[0]) > 0
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert yaml.safe_load(last["ENTRYPOINT"]) == ["monitor"]
    check_command(yaml.safe_load(last["CMD"]))


def test_the_image_contains_bytecode_of_all_modules() -> None:
    """Its root is read-only and its Python has no bytecode, so modules would be compiled at every start."""
    stages = [index for index, (word, _) in enumerate(instructions()) if word == "FROM"]
    build, last = instructions()[: stages[1]], instructions()[stages[1] :]
    assert all("--no-compile" in rest for _, rest in build if "pip install" in rest)
    assert build[-1][1].endswith("-m compileall -q --invalidation-mode unchecked-hash /opt/monitor")
    (compiled,) = [rest for word, rest in last if word == "RUN" and "compileall" in rest]
    assert "sysconfig.get_path('stdlib')" in compiled
    skipped = re.findall(r"-x '([^']*)'", compiled)
    assert skipped
    assert not any(re.search(skipped[0], f"/usr/local/lib/python3.11/{name}.py") for name in ("asyncio/base", "ssl"))


def test_the_health_check_of_the_image_uses_the_probe_of_the_daemon() -> None:
    """HEALTHCHECK requests /readyz at the daemon's default address, without a shell."""
    health = dict(instructions())["HEALTHCHECK"]
    program, *words = yaml.safe_load(health.partition("CMD ")[2])
    host, port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert program == "python"
    assert f"http://{host}:{port}/readyz" in words[-1]
    compile(words[-1], "HEALTHCHECK", "exec")


Pins = dict[str, list[tuple[Requirement, int]]]
"""Pins by package, one for each marker (such as a Python version), with the number of hashes."""


def read_lock(path: Path) -> Pins:
    """Return the pins of a requirements file whose lines are pins with hashes."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found: Pins = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pin, *hashes = line.split(" --hash=sha256:")
            requirement = Requirement(pin)
            found.setdefault(canonicalize_name(requirement.name), []).append((requirement, len(hashes)))
    return found


def versions(pins: Pins, name: str) -> set[str]:
    """Return the versions to which a lock pins a package."""
    return {str(pin.specifier).removeprefix("==") for pin, _ in pins.get(canonicalize_name(name), [])}


PRODUCT = read_lock(DEPLOY / "requirements.txt")
DEVELOPMENT = read_lock(ROOT / "requirements-dev.txt")


@pytest.mark.parametrize("lock", [PRODUCT, DEVELOPMENT], ids=["product", "development"])
def test_a_lock_pins_one_version_of_each_package_by_hash(lock: Pins) -> None:
    """Each line is an exact version with hashes; several pins of a package have different markers."""
    for name, pins in lock.items():
        assert all(str(pin.specifier).startswith("==") and hashes for pin, hashes in pins), name
        assert len({str(pin.marker) for pin, _ in pins}) == len(pins), name


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        (PRODUCT, ["postgres", "chat", "web", "mcp", "pdf", "api", "press"]),
        (DEVELOPMENT, ["postgres", "chat", "dev"]),
    ],
)
def test_the_locks_satisfy_pyproject(lock: Pins, extras: list[str]) -> None:
    """Every requirement of pyproject.toml and of the build is pinned within its bounds; otherwise run `make lock`."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    lines = [*content["build-system"]["requires"], *project["dependencies"]]
    lines += [line for extra in extras for line in project["optional-dependencies"][extra]]
    for requirement in map(Requirement, lines):
        if requirement.name != project["name"]:
            pinned = versions(lock, requirement.name)
            assert pinned, f"{requirement.name} is not locked"
            assert all(requirement.specifier.contains(version, prereleases=True) for version in pinned), requirement


def test_the_build_requirements_equal_those_of_pyproject() -> None:
    """deploy/build.in repeats the build requirements of pyproject.toml, which the lock compiler does not read."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (DEPLOY / "build.in").read_text(encoding="utf-8").split() == content["build-system"]["requires"]


def test_development_and_product_have_the_same_versions() -> None:
    """The tests run with the released versions."""
    assert all(versions(DEVELOPMENT, name) == versions(PRODUCT, name) for name in PRODUCT)


def test_the_image_installs_libraries_by_hash() -> None:
    """Libraries and the build backend are installed by hash; the program itself is installed without dependencies."""
    commands = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(commands) == 2
    assert commands[0].endswith("--require-hashes -r requirements.txt")
    assert "--no-deps --no-build-isolation . " in commands[1]


def test_the_image_contains_no_secret_and_all_copied_files() -> None:
    """No layer contains a secret, and .dockerignore includes all files that the build copies."""
    lines = instructions()
    assert not [rest for word, rest in lines if word in {"ENV", "ARG"} and re.search("PASSWORD|SECRET|TOKEN", rest)]
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for word, rest in lines:
        if word == "COPY" and not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists()
                assert f"!{name.removeprefix('./')}" in allowed


@pytest.mark.parametrize("name", ["monitor", "worker"])
@pytest.mark.parametrize("key", ["init", "read_only"])
def test_containers_have_a_reaper_and_a_read_only_root(key: str, name: str) -> None:
    """The reaper is needed for worker processes."""
    service = compose()["services"][name]
    assert service[key] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_waits_for_the_database_and_keeps_its_data() -> None:
    """The daemon starts when PostgreSQL is ready; both keep their data in volumes."""
    content = compose()
    database, daemon = content["services"]["database"], content["services"]["monitor"]
    assert daemon["depends_on"]["database"]["condition"] == "service_healthy"
    assert database["healthcheck"]["test"]
    assert {"data", "database"} <= set(content["volumes"])
    assert (DEPLOY / daemon["build"]["context"] / daemon["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_workers_run_an_existing_command_on_the_same_database() -> None:
    """Their number is not limited by a fixed port or name; the probe has the address that the image checks."""
    services = compose()["services"]
    worker, daemon = services["worker"], services["monitor"]
    check_command(worker["command"])
    assert worker["environment"] == daemon["environment"]
    assert worker["image"] == daemon["image"]
    assert not {"container_name", "ports", "build"} & set(worker)
    host, port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert worker["command"][-1] == f"{host}:{port}"


def test_no_file_contains_a_password() -> None:
    """Compose takes its values from the environment, and env.example lists them without values."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    for name in set(re.findall(r"\$\{(\w+):\?", text)):
        assert re.search(rf"^{name}=$", example, re.MULTILINE), name
    assert "PASSWORD=" not in re.sub(r"(?m)^#?\w*PASSWORD=$", "", example)
