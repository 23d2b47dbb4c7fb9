"""The clock of a source: its configured zone, else that of its country, else that of its address's country.

Only countries that keep one time (or nearly all of whose outlets do) are listed: a wrong zone is worse than none.
"""

from datetime import tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.domain.source import Source

_COUNTRY_ZONES = """
vn Asia/Ho_Chi_Minh vietnam
la Asia/Vientiane laos,lao
kh Asia/Phnom_Penh cambodia
th Asia/Bangkok thailand
mm Asia/Yangon myanmar,burma
my Asia/Kuala_Lumpur malaysia
sg Asia/Singapore singapore
bn Asia/Brunei brunei
ph Asia/Manila philippines
tl Asia/Dili timor-leste
id Asia/Jakarta indonesia
cn Asia/Shanghai china
hk Asia/Hong_Kong hongkong
tw Asia/Taipei taiwan
jp Asia/Tokyo japan
kr Asia/Seoul southkorea,korea
kp Asia/Pyongyang northkorea
in Asia/Kolkata india
pk Asia/Karachi pakistan
bd Asia/Dhaka bangladesh
lk Asia/Colombo srilanka
np Asia/Kathmandu nepal
ir Asia/Tehran iran
il Asia/Jerusalem israel
ae Asia/Dubai unitedarabemirates
sa Asia/Riyadh saudiarabia
tr Europe/Istanbul turkey,türkiye
uk Europe/London unitedkingdom,britain,greatbritain
ie Europe/Dublin ireland
fr Europe/Paris france
de Europe/Berlin germany
at Europe/Vienna austria
ch Europe/Zurich switzerland
li Europe/Zurich liechtenstein
it Europe/Rome italy
es Europe/Madrid spain
nl Europe/Amsterdam netherlands
be Europe/Brussels belgium
lu Europe/Luxembourg luxembourg
dk Europe/Copenhagen denmark
no Europe/Oslo norway
se Europe/Stockholm sweden
fi Europe/Helsinki finland
pl Europe/Warsaw poland
cz Europe/Prague czechia,czechrepublic
sk Europe/Bratislava slovakia
hu Europe/Budapest hungary
ro Europe/Bucharest romania
bg Europe/Sofia bulgaria
gr Europe/Athens greece
ua Europe/Kyiv ukraine
is Atlantic/Reykjavik iceland
eg Africa/Cairo egypt
za Africa/Johannesburg southafrica
ke Africa/Nairobi kenya
tz Africa/Dar_es_Salaam tanzania
ng Africa/Lagos nigeria
nz Pacific/Auckland newzealand
"""
_ZONE_BY_COUNTRY_CODE = {row.split()[0]: row.split()[1] for row in _COUNTRY_ZONES.split("\n") if row}
_ZONE_BY_COUNTRY_NAME = {
    name: row.split()[1] for row in _COUNTRY_ZONES.split("\n") if row for name in row.split()[2].split(",")
}


def find_source_timezone(source: Source | None, url: str) -> tzinfo | None:
    """Return the zone in which a source's dates without an offset are read; None if nothing tells."""
    country = "".join(source.country.lower().split()) if source else ""
    try:
        code = (urlsplit(url).hostname or "").rpartition(".")[2]
    except ValueError:
        code = ""
    name = (
        (source.timezone if source else "")
        or _ZONE_BY_COUNTRY_NAME.get(country)
        or _ZONE_BY_COUNTRY_CODE.get(country)
        or _ZONE_BY_COUNTRY_CODE.get(code)
    )
    return ZoneInfo(name) if name else None
