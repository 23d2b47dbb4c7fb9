"""Generator of `monitor/language/data/zone_abbreviations.toml`: offsets of zone abbreviations by country.

    python tools/zone_abbreviations.py FOLDER... --locales BABEL > monitor/language/data/zone_abbreviations.toml

Each FOLDER is the `zoneinfo` folder of one release of pytz, oldest first, with `zone.tab`: the zone database of 2015
and 2016 still has the abbreviations that later ones replaced by numbers, and pytz ships it. BABEL is the folder that
contains an unpacked Babel, for the abbreviations of Unicode CLDR in other languages. `SOURCES` names the releases.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

SOURCES = (
    "zone abbreviations of 2005 to 2016 in the IANA time zone database, as in pytz 2015.7 and 2016.10",
    "abbreviations of Unicode CLDR (Babel 2.19) in German, French, Czech, Slovak, Turkish and English",
    "names that the press uses and neither has: compiled for this project",
)
# Defaults where a name has several meanings: RFC 822 section 5 for the zones of North America, else the meaning of
# the most inhabitants. AST, ADT, ACT, AMT, ECT and GST have none: Atlantic and Arabian time are equally frequent.
DEFAULT_MINUTES = {
    "CDT": -300,
    "CST": -360,
    "EDT": -240,
    "EST": -300,
    "MDT": -360,
    "MST": -420,
    "PDT": -420,
    "PST": -480,
}
DEFAULT_MINUTES |= {"BST": 60, "IST": 330, "WST": 480, "SST": -660, "KST": 540, "MSK": 180}
# Names that the press writes and no release has: Australian zones without `A`, as in the zone database before 2014.
PRESS_NAMES = (
    ("EST", 600, "au"), ("EDT", 660, "au"), ("CST", 570, "au"), ("CDT", 630, "au"), ("WST", 480, "au"),
    ("BST", 360, "bd"), ("PST", 480, "ph"), ("МСК", 180, "ru"), ("SLST", 330, "lk"), ("TRT", 180, "tr"),
    ("UZT", 300, "uz"), ("ALMT", 300, "kz"), ("KST", 540, "kp"),
)  # fmt: skip
LOCALES = ("en", "en_AU", "en_CA", "en_NZ", "de", "fr", "fr_CA", "cs", "sk", "tr")
SEASONAL_ZONES = {
    "America_Eastern": "America/New_York",
    "America_Central": "America/Chicago",
    "America_Mountain": "America/Denver",
    "America_Pacific": "America/Los_Angeles",
    "Australia_Eastern": "Australia/Sydney",
    "New_Zealand": "Pacific/Auckland",
}  # metazones with a name for both seasons, as ET, and the zone of most of their publishers
Meanings = dict[str, dict[str, int]]


def offset_minutes(moment: datetime) -> int:
    """Return the offset of a moment from UTC in minutes."""
    offset = moment.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def read_release(folder: Path, found: Meanings) -> None:
    """Add the offset in minutes of each abbreviation and country; a later year replaces an earlier one."""
    for line in (folder / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, _position, name = line.split("\t")[:3]
        with (folder / name).open("rb") as file:
            zone = ZoneInfo.from_file(file)
        for year in range(2005, 2017):
            for month in (1, 7):
                moment = datetime(year, month, 15, tzinfo=zone)
                letters = moment.tzname() or ""
                if letters.isalpha() and letters != "zzz":  # "zzz": nobody lived there at the time
                    found[letters.upper()][code.lower().replace("gb", "uk")] = offset_minutes(moment)


def read_locales(folder: Path, found: Meanings) -> dict[str, str]:
    """Add the abbreviations of CLDR; return the names for both seasons, with their zone."""
    sys.path.insert(0, str(folder))
    from babel import Locale  # type: ignore[import-not-found]  # needed by this tool alone
    from babel.core import get_global  # type: ignore[import-not-found]

    zones: dict[str, str] = {}
    for name, metazone in sorted(get_global("meta_zones").items()):
        zones.setdefault(metazone, name)
    zones |= SEASONAL_ZONES
    seasonal: dict[str, str] = {}
    for locale in LOCALES:
        for metazone, names in Locale.parse(locale).meta_zones.items():
            short = names.get("short", {})
            if metazone not in zones or not all(name.isalpha() for name in short.values()):
                continue
            zone = ZoneInfo(zones[metazone])
            winter, summer = sorted(offset_minutes(datetime(2026, month, 15, tzinfo=zone)) for month in (1, 7))
            for kind, minutes in (("standard", winter), ("daylight", summer)):
                if kind in short and short[kind] not in found:
                    found[short[kind]][""] = minutes
            if metazone in SEASONAL_ZONES and locale.startswith("en") and "generic" in short:
                seasonal[short["generic"]] = zones[metazone]
    return seasonal


def list_lines(found: Meanings, seasonal: dict[str, str]) -> Iterator[str]:
    """Yield the lines of the file: one for each abbreviation and offset."""
    yield "# Generated by tools/zone_abbreviations.py; do not edit. Fields: monitor/language/schema.py."
    yield from ("sources = [", *(f'    "{source}",' for source in SOURCES), "]", "abbreviation = [")
    for name in sorted({*found, *seasonal}):
        if name in seasonal:
            yield f'    {{ name = "{name}", zone = "{seasonal[name]}" }},'
            continue
        countries: dict[int, list[str]] = defaultdict(list)
        for code, minutes in sorted(found[name].items()):
            countries[minutes].append(code)
        default = next(iter(countries)) if len(countries) == 1 else DEFAULT_MINUTES.get(name)
        for minutes, codes in sorted(countries.items()):
            listed = ", ".join(f'"{code}"' for code in codes if code) if len(countries) > 1 else ""
            fields = [f'name = "{name}"', f"minutes = {minutes}"]
            fields += [f"countries = [{listed}]"] * bool(listed) + ["is_default = true"] * (minutes == default)
            yield f"    {{ {', '.join(fields)} }},"
    yield "]"


def main() -> None:
    """Read the releases and write the file to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--locales", type=Path, required=True)
    options = parser.parse_args()
    found: Meanings = defaultdict(dict)
    for folder in options.folders:
        read_release(folder, found)
    for name, minutes, country in PRESS_NAMES:
        found[name][country] = minutes
    found["Z"] = found["UT"] = found["UTC"] = {"": 0}
    found["GMT"] = {"": 0}
    sys.stdout.write("\n".join(list_lines(found, read_locales(options.locales, found))) + "\n")


if __name__ == "__main__":
    main()
