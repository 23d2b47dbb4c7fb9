"""Stories and duplicates in small made-up news."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from steps import FACTOR, growth

from monitor.domain.article import Article
from monitor.domain.grouping import Placement, StoryCentroid
from monitor.domain.values import replace
from monitor.stories.features import Vocabulary, day_distance, extract_features
from monitor.stories.fingerprints import normalize_text
from monitor.stories.grouping import Grouper, IncomingArticle, group_articles, sort_articles
from monitor.stories.grouping_window import StoryWindow
from monitor.stories.near_duplicates import compare_texts

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
BRIDGE = """BANSAVAN - Transport Minister Keo Somphone opened a 900-metre bridge over the Nam Ou in Bansavan on March 5.
The bridge cost 41 million dollars and shortens the way to Muang Ngoi by two hours, the ministry said.
"Farmers will sell in the morning what they cut at night," Keo Somphone told some 400 guests at the ceremony.
Work began in 2022 and was delayed twice by floods that swept away the scaffolding of the third pier.
The contractor, Lane Xang Works, must maintain the crossing for ten years under its contract."""
BRIDGE_AGAIN = """A new crossing of the Nam Ou has cut hours from the journey between Bansavan and Muang Ngoi.
Keo Somphone, the transport minister, cut the ribbon on March 5 before crowds who had waited since dawn.
Lorries of up to thirty tonnes may use the 900-metre bridge, built by Lane Xang Works for 41 million dollars."""
STRIKE = """LONVILLE - Nurses at five hospitals of Lonville walked out on March 5 after talks on night pay collapsed.
The union of Greta Halloran wants a supplement of 12 per cent; the health board offered 4 per cent.
Emergency wards stay open, but 300 operations were put off, the board said."""
OTHER_VISIT = """Transport Minister Keo Somphone received the ambassador of Norway, Ingrid Dahl, on October 14.
They spoke of ferries, of scholarships for engineers and of a fund for small harbours on the southern lakes.
Norway has paid for two ferry landings so far, and Ingrid Dahl promised a third before her term ends."""


def news(name: str, title: str, body: str, hours: float = 0) -> tuple[str, Article]:
    """Make an article published a number of hours after noon."""
    return name, Article(
        url=f"https://{name}.example/", title=title, body=body, published_at=NOON + timedelta(hours=hours)
    )


NEWS = [
    news("a", "Minister opens bridge over the Nam Ou", BRIDGE),
    news("b", "Ribbon cut: Bansavan bridge open", "\n".join(BRIDGE.split("\n")[:4]) + "\n(Reporting by LPNA)", 1),
    news("c", "Nam Ou bridge shortens way to Muang Ngoi", BRIDGE_AGAIN, 3),
    news("d", "Nurses walk out in Lonville", STRIKE, 2),
    ("e", Article(url="https://e.example/", title="Norway's ambassador meets transport minister", body=OTHER_VISIT)),
]


def partition(groups: dict[str, tuple[str, str | None]]) -> set[frozenset[str]]:
    """Return the stories as sets of articles."""
    stories = defaultdict(set)
    for name, (story, _) in groups.items():
        stories[story].add(name)
    return {frozenset(members) for members in stories.values()}


def test_duplicates_are_collapsed_and_reports_grouped() -> None:
    """A duplicate points to the earliest text; another author's report joins the story; other articles stay alone."""
    groups = group_articles(NEWS)
    assert partition(groups) == {frozenset("abc"), frozenset("d"), frozenset("e")}
    assert {name: copy for name, (_, copy) in groups.items()} == {"a": None, "b": "a", "c": None, "d": None, "e": None}


@given(st.permutations(range(len(NEWS))))
def test_order_of_arrival_does_not_matter(order: list[int]) -> None:
    """The same articles in any order give the same stories, ids included."""
    assert group_articles([NEWS[place] for place in order]) == group_articles(NEWS)


@given(st.lists(st.integers(min_value=1, max_value=4), min_size=1))
def test_batch_sizes_do_not_matter(sizes: list[int]) -> None:
    """Every article gets the same placement in batches of any size."""
    comers = [IncomingArticle(place, one, name) for place, (name, one) in enumerate(sort_articles(NEWS))]
    window, vocabulary, placed, start = StoryWindow(), Vocabulary(), list[Placement](), 0

    def load(number: int) -> tuple[Placement, str, str]:
        return placed[number], comers[number].article.title, comers[number].article.body

    for size in [*sizes, *[1] * len(comers)]:
        batch = window.begin(load)
        placed += Grouper(batch, vocabulary).place(comers[start : start + size])
        changes = batch.changes()
        window.load(changes.articles, changes.stories)
        start += size
    assert {comers[one.article_id].story_id: one.story_id for one in placed} == {
        name: story for name, (story, _) in group_articles(NEWS).items()
    }


def test_similar_stories_share_the_minimum_number_of_terms() -> None:
    """Of these, the ones with the heaviest terms are first, and at most ``limit`` are returned."""
    batch = StoryWindow().begin(lambda number: (None, "", ""))
    for number, terms in enumerate(([7], [8, 9], [7, 9], [7, 8, 9], [5])):
        batch.save_centroid(StoryCentroid(f"s{number}", b"", b"", b"", frozenset(), 1, NOON, NOON))
        batch.place(Placement(number, f"s{number}"), terms)
    found = {count: [one.id for one in batch.similar_stories([7, 8, 9], 9, count)] for count in (1, 2, 3, 4)}
    assert found == {1: ["s3", "s2", "s0", "s1"], 2: ["s3", "s2", "s1"], 3: ["s3"], 4: []}
    assert [one.id for one in batch.similar_stories([7, 8, 9], 2, 2)] == ["s3", "s2"]


def test_stories_and_duplicates_have_a_time_window() -> None:
    """The same words nine days later start a new story; a month later the same text is not a duplicate."""
    later_text = "On the Nam Ou bridge of Bansavan, opened by Keo Somphone, lorries now jam the ramp to Muang Ngoi."
    later = [news("x", "Nam Ou bridge jammed", later_text, 9 * 24), news("y", "Bridge", BRIDGE, 40 * 24)]
    groups = group_articles([*NEWS, *later])
    assert groups["x"][0] == "x"
    assert groups["y"] == ("y", None)


def test_reports_in_two_languages_are_grouped_by_names_and_day() -> None:
    """A Vietnamese report shares only people, places and the day with the English one."""
    vietnamese = """Ngày 5/3, Bộ trưởng Keo Somphone đã cắt băng khánh thành cầu Nam Ou tại Bansavan, dài 900 m.
Công trình do Lane Xang Works thi công, rút ngắn hai giờ đi Muang Ngoi."""
    groups = group_articles([*NEWS, news("v", "Khánh thành cầu Nam Ou", vietnamese, 4)])
    assert groups["v"][0] == "a"


def test_diacritics_and_spelling_variants_are_ignored() -> None:
    """The same text without diacritics, with British spelling and other quotes and dashes is a duplicate."""
    one = """HÀ NỘI — The Defence Ministry of Việt Nam said on March 5 that it would raise its budget by 5 per cent.
“We favour a programme of modernisation,” said Colonel Lê Văn Định, who leads the organisation in Đà Nẵng.
The plan goes to the National Assembly in May, and the first vessels are expected at Cam Ranh in 2028."""
    other = """HANOI - The Defense Ministry of Vietnam said on March 5 that it would raise its budget by 5%.
"We favor a program of modernization," said Colonel Le Van Dinh, who leads the organization in Da Nang.
The plan goes to the National Assembly in May, and the first vessels are expected at Cam Ranh in 2028."""
    assert group_articles([news("a", "Budget up", one), news("b", "More money", other, 1)])["b"] == ("a", "a")


def test_a_template_with_other_figures_is_not_a_duplicate() -> None:
    """Yesterday's price report has the same sentences with other facts."""
    text = """Gold traded at {} million kip a baht weight in Vientiane on Thursday, {} from the day before.
Shops on Talat Sao bought at {} million and sold at {} million, the association of jewellers said.
Silver stood at {} thousand kip, while the dollar was quoted at {} kip by commercial banks."""
    days = [
        text.format(*(f"{random.Random(day * 7 + place).randint(1000, 9999) / 100}" for place in range(6)))
        for day in range(4)
    ]
    groups = group_articles([news(str(day), "Gold prices", body, 24 * day) for day, body in enumerate(days)])
    assert [copy for _, copy in groups.values()] == [None] * 4


def test_empty_repetitive_and_huge_texts_are_handled() -> None:
    """Such texts cause no error and no false duplicate."""
    odd = [
        news("empty", "", ""),
        news("blank", "Flood in Bansavan", " \n "),
        news("word", "Repeat", "word " * 5000),
        news("word2", "Repeat again", "word " * 5000, 1),
        news("sign", "!!!", "?" * 900),
        news("huge", "Archive", " ".join(f"w{number}" for number in range(200_000)), 2),
        news("lao", "ຂ່າວ", "ລັດຖະມົນຕີກະຊວງປ້ອງກັນປະເທດໄດ້ພົບກັບຄະນະຜູ້ແທນທະຫານ" * 9, 2),
        news("half", "\ud800", "lone \udfff surrogate"),
    ]
    groups = group_articles([*odd, *NEWS])
    assert {name for name, (_, copy) in groups.items() if copy} == {"word2", "b"}


def test_ten_thousand_identical_articles_have_one_original() -> None:
    """All are duplicates of the first one only."""
    groups = group_articles([news(f"{number:04}", "Bridge", BRIDGE, number / 3600) for number in range(2000)])
    assert {copy for _, copy in groups.values()} == {None, "0000"}
    assert len(partition(groups)) == 1


def test_duplicates_of_duplicates_have_one_original() -> None:
    """Two excerpts and the whole text, in any order of publication, have one original and one story."""
    lines = BRIDGE.split("\n")
    for first, second, third in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        bodies = [BRIDGE, "\n".join(lines[:3]), "\n".join(lines[2:])]
        groups = group_articles([
            news("x", "One", bodies[first]), news("y", "Two", bodies[second], 1), news("z", "Three", bodies[third], 2)
        ])  # fmt: skip
        assert len(partition(groups)) == 1


@settings(max_examples=30)
@given(st.lists(st.builds(
    Article, url=st.just(""), title=st.text(max_size=30), body=st.text(max_size=300),
    published_at=st.none() | st.datetimes(timezones=st.just(UTC)),
), max_size=5))  # fmt: skip
def test_any_text_can_be_grouped(articles: list[Article]) -> None:
    """No text or date causes an error, and each article's story is named after one of the articles."""
    named = [(str(number), article) for number, article in enumerate(articles)]
    groups = group_articles(named)
    assert set(groups) == {name for name, _ in named}
    assert {story for story, _ in groups.values()} <= set(groups)
    assert group_articles(named[::-1]) == groups


PIECES = ["Viet", "Nam", "Vietnam", "it's", "'quoted'", "O'Brien's", "March", "5", "5th", "12:30", "21/3", "2026", "_"]


@given(st.lists(st.sampled_from(PIECES) | st.text(st.characters(max_codepoint=127), max_size=12), max_size=300))
def test_ascii_and_other_text_give_the_same_terms(words: list[str]) -> None:
    """A non-ASCII character outside words does not change the terms."""
    text = " ".join(words)[:1500]
    plain, other = (
        extract_features(text[::2], text, NOON),
        extract_features(text[::2] + "\u20ac", text + " \u20ac", NOON),
    )
    for name in ("hashes", "counts", "kinds"):
        assert getattr(plain, name).tobytes() == getattr(other, name).tobytes()
    assert (plain.days, plain.word_count, plain.has_explicit_days) == (
        other.days,
        other.word_count,
        other.has_explicit_days,
    )


def test_day_distance_wraps_around_the_year() -> None:
    """For days without a year the shorter distance around the year counts."""
    assert day_distance({(12, 31)}, {(1, 2)}) == 2
    assert day_distance({(3, 5)}, {(3, 5), (7, 1)}) == 0
    assert day_distance(set(), {(3, 5)}) is None


def test_a_later_report_that_contains_the_earlier_one_is_not_a_duplicate() -> None:
    """A later, longer text with a new front is an article of its own in the same story."""
    front = """Divers found the body of an engineer below the third pier of the new bridge on Friday, police said.
Somsak Vilay, 34, had been missing since a barge capsized during an inspection two days after the opening.
Prosecutors have sealed the site office of Lane Xang Works and questioned four of its managers through the night.
Keo Somphone said that the crossing would stay closed until the divers of the navy had looked at every pile.
His deputy travels to Bansavan on Saturday with experts of the university, who had warned of the current in May.\n"""
    groups = group_articles([news("a", "Bridge opens", BRIDGE), news("b", "Engineer found dead", front + BRIDGE, 40)])
    assert groups["b"][1] is None


def test_story_ids_are_stable_as_stories_grow() -> None:
    """Earlier articles keep their story whatever follows."""
    for size in range(1, len(NEWS)):
        ordered = sorted(NEWS, key=lambda each: (each[1].published_at is None, each[1].published_at or NOON))
        before, after = group_articles(ordered[:size]), group_articles(ordered)
        assert {name: after[name] for name in before} == before


def test_dates_in_the_text_separate_events() -> None:
    """The same people half a year apart: without publication dates the days in the text keep the visits apart."""
    articles = [(name, replace(article, published_at=None)) for name, article in NEWS]
    assert frozenset("e") in partition(group_articles(articles))


def test_events_in_the_same_words_are_stories_of_their_own() -> None:
    """Five receptions of one day differ in the guest only; reports in other words join the right one."""
    guests = (
        ("Kenya", "Kenyan", "Grace Otieno", "the training of nurses"),
        ("Peru", "Peruvian", "Luis Quispe", "the growing of potatoes"),
        ("Oman", "Omani", "Said Harthy", "direct flights"),
        ("Finland", "Finnish", "Aino Virtanen", "forests"),
        ("Cuba", "Cuban", "Rosa Valdes", "hospitals"),
    )
    articles = [
        news(
            country,
            f"President receives {adjective} ambassador",
            f"President Bounthan Keola received the ambassador of {country}, {name}, in Vientiane on Thursday. "
            f"They discussed trade and {subject}.",
            number / 6,
        )
        for number, (country, adjective, name, subject) in enumerate(guests)
    ]
    text = "Cuba will send doctors to hospitals in Laos, ambassador Rosa Valdes told President Bounthan Keola."
    articles.append(news("angle", "Cuba to send doctors to Laos", text, 3))
    expected = {frozenset({"Cuba", "angle"}), *(frozenset({one}) for one in ("Kenya", "Peru", "Oman", "Finland"))}
    assert partition(group_articles(articles)) == expected


def test_daily_columns_are_stories_of_their_own() -> None:
    """Editions of a market report share their words."""
    text = (
        "Stocks in Lonville closed {} on {}, and {} rose most. The crown was stable against the euro. Dealers said "
        "trade was thin. Analysts expect more of the same until the central bank speaks about interest rates."
    )
    days = (("higher", "Thursday", "Kuhn Foods"), ("lower", "Friday", "Grenholt Steel"), ("higher", "Monday", "Lane"))
    articles = [
        news(day, f"Lonville stocks close {move} on {day}", text.format(move, day, company), number * 24)
        for number, (move, day, company) in enumerate(days)
    ]
    assert len(partition(group_articles(articles))) == len(days)


def test_comparing_texts_of_names_takes_time_in_proportion_to_their_length() -> None:
    """A hostile text has thousands of different names; each would be searched in the whole other text."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join((letters[n // 676].upper(), letters[n // 26 % 26], letters[n % 26], "x")) for n in range(8_000)]

    def compare(size: int) -> None:
        first, second = " ".join(names[:size]), " ".join(["Zulu"] * (size // 50) + names[size // 50 : size])
        compare_texts(normalize_text("", first), normalize_text("", second))

    assert growth(compare, 8_000) < 3 * FACTOR, "70 if every name is searched"
