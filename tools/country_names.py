"""Generator of `monitor/language/data/country_names.toml`: names of countries in scripts other than Latin.

    python tools/country_names.py BABEL > monitor/language/data/country_names.toml

BABEL is the folder that contains an unpacked Babel. Only countries of `countries.toml` that have a top-level domain,
and languages that have a file, are listed.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from textwrap import wrap

from monitor.language.load import language_data

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
    out = ["# Names of countries in other scripts. Made by tools/country_names.py; explained in docs/languages.md.\n"]
    out += ["sources = [\n", *(f'    "{source}",\n' for source in SOURCES), "]\n"]
    for country in language_data().countries:
        territory = TERRITORIES.get(country.domain, country.domain.upper())
        names = []
        for code in language_data().languages:
            name = locale.parse(code).territories.get(territory, "") if territory else ""
            if name and name[0] > "\u024f" and '"' not in name:
                names.append(name)
        if names:
            lines = wrap(
                ", ".join(f'"{name}"'.replace(" ", "\0") for name in dict.fromkeys(names)), 100, break_on_hyphens=False
            )
            listed = "\n    ".join(lines).replace("\0", " ")
            out.append(f'\n[[country]]\ndomain = "{country.domain}"\nnames = [\n    {listed},\n]\n')
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main()
