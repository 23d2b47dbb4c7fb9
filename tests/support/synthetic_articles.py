"""Generated news for the measures of duplicates: reports, edited versions of them, and texts that only look alike.

The texts are generated from a seed, so that a measure can also be taken on texts that nobody has seen.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.article import Article

FIRST = "Keo Somphone|Greta Halloran|Lê Văn Định|Somsak Vilay|Ingrid Dahl|Amadou Keïta|Nguyễn Thị Hòa|Tomás Riera|Dao Manh|Ewa Zając|Bounmy Phet|Raj Malhotra|Siti Rahmah|Ho Wei Lun|Carla Mendes|Trần Quốc Bảo|Anouk Lefèvre|Viktor Hanák|Chea Sothea|Min Thura"  # noqa: E501 - a list reads best on one line
PLACES = "Bansavan|Lonville|Muang Ngoi|Đà Lạt|Port Elsin|Hà Giang|San Teodoro|Kharvost|Pakbeng|Westmere|Cần Thơ|Oudon|Tarvik|Luang Sing|Bình Minh|Marlow|Xieng Kham|Nova Ria|Grenholt|Phu Khoun"  # noqa: E501 - as above
BODIES = "the Transport Ministry|the health board|the Border Guard|the port authority|the National Assembly|the farmers' union|the central bank|the Election Commission|the provincial police|the university council"  # noqa: E501 - as above
ACTS = "signed|rejected|postponed|questioned|welcomed|inspected|doubled|abandoned|approved|examined|suspended|drafted|extended|criticised|defended|cancelled|reviewed|financed|relaunched|delayed"  # noqa: E501 - as above
THINGS = "bridge contract|vaccine programme|fishing quota|border crossing|harbour loan|irrigation scheme|railway timetable|police reform|school budget|export licence|flood barrier|customs tariff|hospital wing|satellite station|mining permit|timber auction|grain reserve|power line|ferry landing|pension fund"  # noqa: E501 - as above
ADJECTIVES = "long awaited|disputed|costly|modest|joint|temporary|regional|unfinished|popular|secret|northern|amended|foreign|new|controversial|promising|outdated|pilot|rural|coastal"  # noqa: E501 - as above
REASONS = "heavy rain had cut the road|two bidders withdrew|auditors found gaps in the books|neighbours complained of noise|a court ordered another hearing|prices rose faster than wages|engineers warned of cracks|the donors asked for proof|divers saw damage below the waterline|the season ended early|villagers blocked the gate|a storm tore off the roof"  # noqa: E501 - as above
ADVERBS = "quietly|at last|without a vote|after midnight|in writing|on the spot|for a third time|by a narrow margin|against advice|under pressure|to applause|with reservations"  # noqa: E501 - as above
NOUNS = "patience|water|engineers|credit|courage|lorries|teachers|sunlight|paperwork|trust|fuel|medicine|seeds|cranes|time|rails"  # noqa: E501 - as above
SENTENCE_PATTERNS = (
    "{who} of {place} {adverb} {act} the {adj} {thing}, which {body} had {act2} {number} weeks before.",
    "The {adj} {thing} will cost {number} million dollars, {number2} per cent more than planned, because {reason}.",
    "“We need {noun} and {noun2} more than another {thing},” {who} told {number} guests in {place}.",
    "In {place}, {body} {act} a {adj} {thing} after {reason}.",
    "{who}, who leads {body}, said that the {thing} would be {act} before the {adj} {thing2} is {act2}.",
    "Some {number} people from {place} and {place2} had waited since dawn, although {reason}.",
    "A second {thing} near {place2} stays {adj}: {reason}, and {body} {adverb} {act} the plans.",
    "Since 20{small} {body} has {act} {number} such cases, {number2} of them in {place2} alone.",
    "Neither {noun} nor {noun2} was lacking, {who} answered, but {reason}.",
    "Critics around {who2} fear that the organisation favours {place} over {place2}, where {reason}.",
)
TEMPLATES = {
    "gold": """Gold traded at {n} million a tael in {city} on {day}, {n} thousand {updown} from a day before.
Shops of the {brand} company bought at {n} million and sold at {n} million, the association of jewellers said.
Plain rings stood at {n} million. On the world market an ounce cost {n} dollars at {n} in the morning.
The central bank set the reference rate at {n}, while commercial banks quoted the dollar at {n} and the euro at {n}.
Silver was unchanged at {n} thousand a tael, and dealers reported few customers.""",
    "weather": """{city} will see {sky} on {day}, with {n} to {n} degrees, the weather service said.
Wind from the {side} reaches {n} kilometres an hour, and up to {n} millimetres of rain may fall on higher ground.
The humidity stays at {n} per cent. Boats should not leave {place} before noon, when waves reach {n} metres.
The sun rises at {n} and sets at {n}. The next forecast is issued in the evening.""",
    "match": """{place} host {place2} at the {brand} stadium on {day}, and both teams need the points badly.
{who}'s side won {n} of their last {n} games and scored {n} goals; the visitors of {who2} have lost {n} times away.
The captain is fit again after {n} weeks, while a midfielder is suspended after his {n}th yellow card.
Kick-off is at {n}, {n} tickets were sold, and the match will be shown live. Bookmakers give the hosts {n} to {n}.""",
    "envoy": """President {who3} received the new ambassador of {country}, {who}, who presented credentials on {day}.
The President welcomed the ambassador and expressed confidence that the long friendship between the two countries
would be further strengthened, with trade of {n} million dollars last year, and asked for support in education.
Ambassador {who} thanked the President for the warm welcome and promised to do the utmost to deepen cooperation in
agriculture, tourism and the training of officials. {country} and the Republic established relations in 19{small}.
On the same occasion both sides exchanged views on regional and international issues of common concern.""",
}
CHOICES = {
    "city": "Vientiane|Hà Nội|Lonville|Bansavan|Đà Nẵng|Oudon",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday",
    "updown": "up|down",
    "brand": "Kim Ngân|Lane Xang|Bảo Tín|Royal Star|Saphir",
    "sky": "clear skies|scattered showers|dense fog|thunderstorms|light cloud",
    "side": "north|south-west|east|north-east",
    "country": "Norway|Kenya|Uruguay|Mongolia|Portugal|Fiji|Austria|Oman|Ghana|Chile",
    "who3": "Viktor Hanák",
    "who": FIRST,
    "who2": FIRST,
    "place": PLACES,
    "place2": PLACES,
    "adverb": ADVERBS,
    "act": ACTS,
    "act2": ACTS,
    "adj": ADJECTIVES,
    "thing": THINGS,
    "thing2": THINGS,
    "body": BODIES,
    "reason": REASONS,
    "noun": NOUNS,
    "noun2": NOUNS,
}
TAILS = (
    "Subscribe to our newsletter and get the news of the day in your mailbox every morning. All rights reserved.",
    "Follow us on our channels for more stories like this. Reproduction with written permission only.",
)
CAPTIONS = ("A view of the site on Thursday. (Photo: staff)", "Guests at the ceremony. Photo courtesy of the ministry.")
CREDITS = ("— VNS", "(LPNA)", "Source: agencies", "With material from the wire")
HOUSE_STYLE = (
    ("programme", "program"),
    ("licence", "license"),
    ("per cent", "%"),
    ("organisation", "organization"),
    ("favours", "favors"),
    ("harbour", "harbor"),
    ("neighbours", "neighbors"),
    ("“", '"'),
    ("”", '"'),
    ("criticised", "criticized"),
    ("Đà Lạt", "Da Lat"),
    ("Hà Giang", "Ha Giang"),
    ("Cần Thơ", "Can Tho"),
    ("Lê Văn Định", "Le Van Dinh"),
    ("Nguyễn Thị Hòa", "Nguyen Thi Hoa"),
    ("Trần Quốc Bảo", "Tran Quoc Bao"),
)
SYNONYMS = (
    ("said", "stated"),
    ("because", "since"),
    ("answered", "replied"),
    ("told", "informed"),
    ("people", "residents"),
    ("plans", "designs"),
    ("fear", "worry"),
    ("had waited", "were waiting"),
    ("before", "ahead of"),
    ("such cases", "cases of the kind"),
    ("more than planned", "above the plan"),
    ("lacking", "missing"),
    ("dawn", "daybreak"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, whether one is a duplicate of the other, and how they were made (``kind``)."""

    kind: str
    one: Article
    other: Article
    copy: bool


def fill_pattern(pattern: str, rng: random.Random) -> str:
    """Fill the places of a sentence pattern at random; all numbers in a sentence differ."""

    def pick(match: re.Match[str]) -> str:
        name = match[1]
        if name in {"n", "number", "number2"}:
            return str(rng.choice((rng.randint(2, 99), rng.randint(100, 9999), rng.randint(100, 999) / 10)))
        return str(rng.randint(10, 99)) if name == "small" else rng.choice(CHOICES[name].split("|"))

    return re.sub(r"\{(\w+)\}", pick, pattern)


def report(rng: random.Random, sentences: int) -> list[str]:
    """Return a report with one or two sentences a paragraph, in which people and places recur."""
    cast = {name: "|".join(rng.sample(CHOICES[name].split("|"), 3)) for name in ("who", "place", "place2", "body")}
    written: list[str] = []
    while len(written) < sentences:
        pattern = SENTENCE_PATTERNS[rng.randrange(len(SENTENCE_PATTERNS))]
        for name, own in cast.items():
            pattern = pattern.replace("{" + name + "}", rng.choice(own.split("|")))
        written.append(fill_pattern(pattern, rng))
    return [" ".join(written[start : start + 2]) for start in range(0, sentences, 2)]


def article(paragraphs: list[str], rng: random.Random) -> Article:
    """Return an article with a random headline."""
    return Article(url="", title=fill_pattern("{body} {act} {adj} {thing}", rng), body="\n".join(paragraphs))


def house_style(text: str) -> str:
    """Apply another outlet's house style: spelling variants, no diacritics, plain quotation marks."""
    for one, other in HOUSE_STYLE:
        text = text.replace(one, other)
    return text


def rewritten(text: str) -> str:
    """Replace common words by synonyms."""
    for one, other in SYNONYMS:
        text = text.replace(one, other)
    return text


def edits(paragraphs: list[str], rng: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield edited versions of a report as other outlets publish them, each with its kind."""
    size = len(paragraphs)
    new = report(rng, 6)
    yield "headline", paragraphs
    yield "lead", [new[0], *paragraphs[1:]]
    dropped = set(rng.sample(range(size), max(1, size // 3)))
    yield "dropped", [text for place, text in enumerate(paragraphs) if place not in dropped]
    yield "added", [*paragraphs[:2], new[1], *paragraphs[2:-1], new[2], paragraphs[-1]]
    yield "caption", [rng.choice(CAPTIONS), *paragraphs, rng.choice(CREDITS)]
    yield "tail", [*paragraphs, *TAILS]
    yield "house", [house_style(text) for text in paragraphs]
    yield "rewritten", [rewritten(text) for text in paragraphs]
    yield "reordered", [paragraphs[0], *rng.sample(paragraphs[1:], size - 1)]
    yield "all", [new[0], *(rewritten(house_style(text)) for text in paragraphs[1:-1]), rng.choice(CREDITS)]
    third = max(2, round(size / 3))
    start = rng.randrange(size - third)
    yield "excerpt", paragraphs[:third]
    yield "excerpt", paragraphs[start : start + third]


def lookalikes(paragraphs: list[str], rng: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield texts that share much with a report and are not duplicates of it."""
    size = len(paragraphs)
    background = paragraphs[size - size // 2 :]
    yield "followup", [*report(rng, 2 * len(background) + 2), *background]
    yield "followup", [*report(rng, 2 * size), *paragraphs[-max(2, size // 3) :]]
    quotes = [text for paragraph in paragraphs for text in re.findall(r"“[^”]+”[^.]*\.", paragraph)]
    other = report(rng, 2 * size)
    for quote in quotes[:3] or [paragraphs[1]]:
        other.insert(rng.randrange(1, len(other)), quote)
    yield "quotations", other
    yield "unrelated", report(rng, 2 * size)


def pairs(seed: int, reports: int) -> Iterator[Pair]:
    """Yield labelled pairs: about sixteen for each report, and six for each template and report in ten."""
    rng = random.Random(seed)
    for _ in range(reports):
        paragraphs = report(rng, rng.randrange(10, 26))
        first = article(paragraphs, rng)
        yield from (Pair(kind, first, article(text, rng), copy=True) for kind, text in edits(paragraphs, rng))
        yield from (Pair(kind, first, article(text, rng), copy=False) for kind, text in lookalikes(paragraphs, rng))
    for kind, template in TEMPLATES.items():
        for _ in range(max(6, reports // 2)):
            yield Pair(kind, *_from_template(template, rng), copy=False)


def _from_template(template: str, rng: random.Random) -> tuple[Article, Article]:
    return article([_with_people(template, rng)], rng), article([_with_people(template, rng)], rng)


def _with_people(template: str, rng: random.Random) -> str:
    """Fill a template in which one person and one country occur several times."""
    for name in ("who", "country"):
        template = template.replace("{" + name + "}", rng.choice(CHOICES[name].split("|")))
    return fill_pattern(template, rng)
