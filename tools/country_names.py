"""Generator of `monitor/language/data/country_names.toml`: names of countries in the languages of the data.

    python tools/country_names.py BABEL > monitor/language/data/country_names.toml

BABEL is the folder that contains an unpacked Babel. Only countries of `countries.toml` that have a top-level domain,
and languages that have a file, are listed. A name in Latin letters is listed if `countries.toml` does not have it.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from textwrap import wrap

from monitor.language.load import language_data
from monitor.text.fold import fold_key

SOURCES = ("territory names of Unicode CLDR (Babel 2.19)",)
TERRITORIES = {"uk": "GB"}
"""Territories whose code is not the top-level domain of the country."""


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("babel", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.babel))
    locale = import_module("babel").Locale
    out = ["# Names of countries in CLDR. Made by tools/country_names.py; explained in docs/languages.md.\n"]
    out += ["sources = [\n", *(f'    "{source}",\n' for source in SOURCES), "]\n"]
    for country in language_data().countries:
        territory = TERRITORIES.get(country.domain, country.domain.upper())
        names, latin_names = list[str](), dict[str, str]()
        for code in language_data().languages:
            name = locale.parse(code).territories.get(territory, "") if territory else ""
            if name and name[0] > "\u024f" and '"' not in name:
                names.append(name)
            elif name and name[0] <= "\u024f":
                latin_names.setdefault(fold_key(name), name)
        known = {fold_key(name) for name in country.names}
        latin = [name for key, name in latin_names.items() if key not in known]
        if names:
            out.append(f'\n[[country]]\ndomain = "{country.domain}"\n{list_names("names", names)}')
            out.append(list_names("latin_names", latin) if latin else "")
    sys.stdout.write("".join(out))


def list_names(key: str, names: list[str]) -> str:
    """Return the lines of the file that have a list of names."""
    lines = wrap(
        ", ".join(f'"{name}"'.replace(" ", "\0") for name in dict.fromkeys(names)), 100, break_on_hyphens=False
    )
    listed = "\n    ".join(lines).replace("\0", " ")
    return f"{key} = [\n    {listed},\n]\n"


if __name__ == "__main__":
    main()
