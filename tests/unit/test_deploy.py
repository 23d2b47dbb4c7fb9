"""What a program can check of deploy/: that it names commands that exist, gives away nothing, and stays hardened."""

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

from monitor.cli.main import app
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
    """Read the unit file: key -> its values, in order."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "monitor.service").read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: (instruction, rest), continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def check_command(words: list[str]) -> None:
    """Fail unless ``words`` are a command of ours with options it has."""
    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined] # a typer app is a group
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_service_is_hardened() -> None:
    """Each fence stands: no privileges, nothing writable but its state, no exotic sockets or calls."""
    read = unit()
    assert {key: read[key][-1] for key in HARDENED} == HARDENED
    assert read["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert "link-local" in read["IPAddressDeny"][0]


def test_service_runs_a_command_that_exists() -> None:
    """ExecStart names a command and options of this program, and a database inside the state folder."""
    program, *words = shlex.split(unit()["ExecStart"][0])
    assert program.endswith("/bin/monitor")
    check_command(words)
    assert words[words.index("--database") + 1] == "sqlite:////var/lib/monitor/monitor.db"


def test_service_leaves_time_to_drain() -> None:
    """SIGTERM lets work finish for 20 seconds before systemd kills."""
    assert int(unit()["TimeoutStopSec"][0]) > 20


def test_image_is_built_in_two_stages_and_runs_as_nobody() -> None:
    """The last stage has no build tools, a numeric user that is not root, and signals reach the program."""
    lines = instructions()
    words = [word for word, _ in lines]
    assert words.count("FROM") == 2
    last = dict(lines[max(i for i, word in enumerate(words) if word == "FROM") :])
    assert int(last["USER"].partition(":")[0]) > 0
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert yaml.safe_load(last["ENTRYPOINT"]) == ["monitor"]
    check_command(yaml.safe_load(last["CMD"]))


def test_image_holds_bytecode_of_all_that_it_runs() -> None:
    """Its root is read-only and its Python comes without bytecode: what is not compiled here is so at every start."""
    stages = [index for index, (word, _) in enumerate(instructions()) if word == "FROM"]
    build, last = instructions()[: stages[1]], instructions()[stages[1] :]
    assert all("--no-compile" in rest for _, rest in build if "pip install" in rest)
    assert build[-1][1].endswith("-m compileall -q --invalidation-mode unchecked-hash /opt/monitor")
    (compiled,) = [rest for word, rest in last if word == "RUN" and "compileall" in rest]
    assert "sysconfig.get_path('stdlib')" in compiled
    skipped = re.findall(r"-x '([^']*)'", compiled)
    assert skipped
    assert not any(re.search(skipped[0], f"/usr/local/lib/python3.11/{name}.py") for name in ("asyncio/base", "ssl"))


def test_image_tells_its_health_by_the_daemons_own_probe() -> None:
    """HEALTHCHECK asks /readyz where the daemon listens by default, without a shell."""
    health = dict(instructions())["HEALTHCHECK"]
    program, *words = yaml.safe_load(health.partition("CMD ")[2])
    host, port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert program == "python"
    assert f"http://{host}:{port}/readyz" in words[-1]
    compile(words[-1], "HEALTHCHECK", "exec")


Pins = dict[str, list[tuple[Requirement, int]]]
"""Package -> its pins, one for each marker (such as a Python version), and how many files are known by their hash."""


def read_lock(path: Path) -> Pins:
    """Read a requirements file in which every line is a pin with the hashes of its files."""
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
def test_lock_pins_one_version_of_each_file_by_hash(lock: Pins) -> None:
    """Each line is an exact version with hashes; where a package has several pins, markers tell them apart."""
    for name, pins in lock.items():
        assert all(str(pin.specifier).startswith("==") and hashes for pin, hashes in pins), name
        assert len({str(pin.marker) for pin, _ in pins}) == len(pins), name


@pytest.mark.parametrize(
    ("lock", "extras"), [(PRODUCT, ["postgres", "chat"]), (DEVELOPMENT, ["postgres", "chat", "dev"])]
)
def test_lock_fits_pyproject(lock: Pins, extras: list[str]) -> None:
    """Every requirement of pyproject.toml and of the build is pinned within its bounds; else run `make lock`."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    lines = [*content["build-system"]["requires"], *project["dependencies"]]
    lines += [line for extra in extras for line in project["optional-dependencies"][extra]]
    for requirement in map(Requirement, lines):
        if requirement.name != project["name"]:
            pinned = versions(lock, requirement.name)
            assert pinned, f"{requirement.name} is not locked"
            assert all(requirement.specifier.contains(version, prereleases=True) for version in pinned), requirement


def test_build_requirements_of_the_locks_are_those_of_pyproject() -> None:
    """deploy/build.in repeats what pyproject.toml needs to build, which the lock compiler does not read."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (DEPLOY / "build.in").read_text(encoding="utf-8").split() == content["build-system"]["requires"]


def test_development_uses_the_versions_of_the_product() -> None:
    """What is tested is what is released."""
    assert all(versions(DEVELOPMENT, name) == versions(PRODUCT, name) for name in PRODUCT)


def test_image_installs_nothing_without_its_hash() -> None:
    """Libraries and the build backend are installed by hash; the program itself is installed without dependencies."""
    commands = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(commands) == 2
    assert commands[0].endswith("--require-hashes -r requirements.txt")
    assert "--no-deps --no-build-isolation . " in commands[1]


def test_image_holds_no_secret_and_finds_what_it_copies() -> None:
    """No secret stands in a layer, and .dockerignore lets in everything the build copies."""
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
def test_container_is_closed(key: str, name: str) -> None:
    """A reaper for worker processes, and a root that cannot be written."""
    service = compose()["services"][name]
    assert service[key] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_waits_for_the_database_and_keeps_its_data() -> None:
    """The daemon starts once PostgreSQL answers; both keep their data in volumes."""
    content = compose()
    database, daemon = content["services"]["database"], content["services"]["monitor"]
    assert daemon["depends_on"]["database"]["condition"] == "service_healthy"
    assert database["healthcheck"]["test"]
    assert {"data", "database"} <= set(content["volumes"])
    assert (DEPLOY / daemon["build"]["context"] / daemon["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_workers_run_a_command_that_exists_on_the_same_database() -> None:
    """As many as wanted: nothing that only one could have; the probe is where the image looks for it."""
    services = compose()["services"]
    worker, daemon = services["worker"], services["monitor"]
    check_command(worker["command"])
    assert worker["environment"] == daemon["environment"]
    assert worker["image"] == daemon["image"]
    assert not {"container_name", "ports", "build"} & set(worker)
    host, port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert worker["command"][-1] == f"{host}:{port}"


def test_no_password_is_written_down() -> None:
    """What compose needs comes from the environment, and env.example names it without a value."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    for name in set(re.findall(r"\$\{(\w+):\?", text)):
        assert re.search(rf"^{name}=$", example, re.MULTILINE), name
    assert "PASSWORD=" not in re.sub(r"(?m)^#?\w*PASSWORD=$", "", example)
