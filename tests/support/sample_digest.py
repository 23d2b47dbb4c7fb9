"""A sample digest: invented people, several scripts, every kind of item and error."""

from datetime import UTC, datetime, timedelta

from monitor.domain.article import Region
from monitor.domain.digest import (
    Coverage,
    Digest,
    DigestItem,
    DigestStory,
    DuplicateItem,
    OfficialSummary,
    SourceProblem,
    Window,
)
from monitor.domain.mention import ChangePlace, HitKind, Passage, TextChange
from monitor.domain.poll_state import SourceState

SEVEN = datetime(2026, 5, 5, 0, 0, tzinfo=UTC)
HAI = OfficialSummary(
    "hai", "Trần Minh Hải", "Minister of Maritime Affairs", (0, 2, 1, 0, 3, 5, 2, 1, 0, 0, 1, 4, 6, 9)
)
SOM = OfficialSummary("som", "Somphone Vongdara", "Deputy Prime Minister", (1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 2))


def passage(text: str, name: str, region: Region = Region.BODY) -> Passage:
    start = text.index(name)
    return Passage(text, region, 0, len(text), ((start, start + len(name)),))


def item(number: int, outlet: str, title: str, *passages: Passage, hours: float = 3, **more: object) -> DigestItem:
    at = SEVEN - timedelta(hours=hours)
    known: dict[str, object] = {
        "official_ids": ("hai",),
        "rule_ids": ("ministers",),
        "language": "en",
        "source_id": f"source-{number}",
    }
    return DigestItem(
        article_id=number,
        url=f"https://news.example/2026/05/{number}",
        title=title,
        outlet=outlet,
        published_at=at,
        first_seen_at=at,
        passages=passages,
        **(known | more),  # type: ignore[arg-type]  # the keys are fields of the type; any other key raises
    )


def copies(*outlets: str) -> tuple[DuplicateItem, ...]:
    return tuple(
        DuplicateItem(100 + number, f"https://{number}.example/copy", "Harbour opens", outlet, "en")
        for number, outlet in enumerate(outlets)
    )


def sample() -> Digest:
    """Return the sample digest."""
    opening = DigestStory(
        "harbour",
        "Minister Hải opens deep-water harbour at Cửa Lớn after two years of delay",
        ("hai", "som"),
        (
            item(
                1,
                "Coast Courier",
                "Minister Hải opens deep-water harbour at Cửa Lớn after two years of delay",
                passage(
                    "Minister Hải opens deep-water harbour at Cửa Lớn after two years of delay", "Hải", Region.TITLE
                ),
                passage(
                    "Minister of Maritime Affairs Trần Minh Hải cut the ribbon on Monday in front of some 400 guests, "
                    "among them the Deputy Prime Minister of Laos, and promised a second quay before the end of 2027.",
                    "Trần Minh Hải",
                ),
                passage("Minister Tran Minh Hai with guests on the new quay.", "Tran Minh Hai", Region.CAPTION),
                official_ids=("hai", "som"),
            ),
            item(
                2,
                "Báo Biển Đông",
                "Bộ trưởng Trần Minh Hải dự lễ khánh thành cảng nước sâu Cửa Lớn",
                passage(
                    "Bộ trưởng Trần Minh Hải dự lễ khánh thành cảng nước sâu Cửa Lớn", "Trần Minh Hải", Region.TITLE
                ),
                passage(
                    "Phát biểu tại buổi lễ, Bộ trưởng Trần Minh Hải đề nghị các bên sớm bàn giao bến số 2.",
                    "Trần Minh Hải",
                ),
                hours=4,
                language="vi",
            ),
        ),
        copies("Evening Mail", "Harbour Weekly", "The Northern Star", "Radio Delta", "Viet Coast"),
    )
    correction = DigestStory(
        "quota",
        "Fishing quota for 2026 to fall by 8 per cent",
        ("hai",),
        (
            item(
                3,
                "Northern Star",
                "Fishing quota for 2026 to fall by 8 per cent",
                passage(
                    "The quota falls by 8 per cent, not by 18 as first reported, Mr Hải said on Sunday night.", "Hải"
                ),
                kind=HitKind.CORRECTION,
                note="the sentence around a mention changed",
                changes=(
                    TextChange(
                        ChangePlace.PASSAGE,
                        "The quota falls by 18 per cent, Mr Hải said on Sunday night.",
                        "The quota falls by 8 per cent, Mr Hải said on Sunday night.",
                    ),
                ),
                hours=7,
            ),
        ),
    )
    lao = DigestStory(
        "visit",
        "ທ່ານ ສົມພອນ ວົງດາລາ ຕ້ອນຮັບຄະນະຜູ້ແທນ",
        ("som",),
        (
            item(
                4,
                "ຂ່າວແມ່ນ້ຳ",
                "ທ່ານ ສົມພອນ ວົງດາລາ ຕ້ອນຮັບຄະນະຜູ້ແທນຈາກຫວຽດນາມ",
                passage("ໃນຕອນເຊົ້າຂອງວັນທີ 4 ພຶດສະພາ ທ່ານ ສົມພອນ ວົງດາລາ ໄດ້ຕ້ອນຮັບຄະນະຜູ້ແທນ ທີ່ນະຄອນຫຼວງວຽງຈັນ.", "ສົມພອນ ວົງດາລາ"),
                official_ids=("som",),
                language="lo",
                hours=9,
            ),
        ),
    )
    border = DigestStory(
        "patrol",
        "Joint patrol on the upper border river resumes after the floods",
        (),
        (
            item(
                5,
                "Delta Post",
                "Joint patrol on the upper border river resumes after the floods",
                passage("The two countries' border guards resumed their joint patrols on Sunday.", "border guards"),
                official_ids=(),
                rule_ids=("border-patrols",),
                hours=14,
            ),
        ),
    )
    faults = (
        SourceProblem(
            "kmn",
            "Khao Maenam",
            SourceState.BLOCKED,
            "A challenge page keeps programs out since the site changed its host.",
            SEVEN - timedelta(hours=19),
            "Ask the publisher to let your address through, or read its sitemap.",
        ),
        SourceProblem(
            "rd", "Radio Delta", SourceState.QUIET, "Nothing new for 3 days; 6 articles a day are usual.", None
        ),
    )
    return Digest(
        "morning",
        "Morning",
        Window(SEVEN - timedelta(days=1), SEVEN),
        SEVEN + timedelta(seconds=2),
        "Asia/Vientiane",
        stories=(opening, correction, lao, border),
        officials=(HAI, SOM),
        coverage=Coverage(43, 41, 612, faults),
    )
