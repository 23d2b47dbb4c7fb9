"""Short reports about one person: each repeats post, name and weekday, and reports another event."""

from itertools import combinations

import pytest

from monitor.domain.article import Article
from monitor.stories.grouping import group_articles

ENGLISH = (
    (
        "{name} opens new bridge",
        (
            "{post} {name} opened a bridge over the northern river on Monday. {name} said the bridge had cost "
            "less than planned. Drivers will pay no toll in the first year."
        ),
    ),
    (
        "{name} meets miners on strike",
        (
            "{post} {name} met miners on strike in the east on Monday. {name} promised an answer within a week. "
            "The union wants higher wages and safer shafts."
        ),
    ),
    (
        "{name} injured in fall",
        (
            "{post} {name} was brought to a hospital on Monday after a fall at home. Doctors said that {name} had "
            "broken an arm. The meeting of the cabinet was postponed."
        ),
    ),
    (
        "Court fines brother of {name}",
        (
            "A court on Monday fined a brother of {post} {name} for tax evasion. {name} was not a party to the "
            "case. The brother said he would appeal."
        ),
    ),
    (
        "{name} wins chess tournament",
        (
            "{post} {name} won a chess tournament for politicians on Monday. {name} beat a former mayor in the "
            "final. The prize was given to a school."
        ),
    ),
    (
        "{name} signs treaty on fish",
        (
            "{post} {name} signed a treaty on fishing with two neighbours on Monday. {name} called it a day of "
            "relief for the coast. It enters into force in June."
        ),
    ),
    (
        "Protesters throw eggs at {name}",
        (
            "Protesters threw eggs at {post} {name} on Monday during a visit to a market. {name} was not hurt and "
            "went on with the visit. Police took away three students."
        ),
    ),
    (
        "{name} resigns",
        "{post} {name} resigned on Monday. Nobody was named as successor.",
    ),
)
VIETNAMESE = (
    (
        "{name} khánh thành cầu",
        (
            "{post} {name} khánh thành cây cầu bắc qua sông sáng thứ Hai. {name} cho biết cầu hoàn thành trước "
            "hạn ba tháng. Xe cộ được đi miễn phí trong năm đầu."
        ),
    ),
    (
        "{name} nhập viện",
        (
            "{post} {name} được đưa vào bệnh viện sáng thứ Hai sau khi bị ngã. Bác sĩ nói {name} gãy tay và phải "
            "nghỉ hai tuần. Cuộc họp được hoãn lại."
        ),
    ),
    (
        "{name} gặp công nhân mỏ",
        (
            "{post} {name} gặp công nhân mỏ đang đình công sáng thứ Hai. {name} hứa trả lời trong một tuần. Công "
            "đoàn đòi tăng lương."
        ),
    ),
)
CHINESE = (
    (
        "{name}出席大桥通车仪式",
        ("{post}{name}星期一出席了新大桥的通车仪式。{name}说，大桥比计划提前三个月完工。第一年车辆免费通行。"),
    ),
    (
        "{name}住院",
        ("{post}{name}星期一在家中摔倒后被送往医院。医生说{name}手臂骨折，需要休养两周。内阁会议推迟举行。"),
    ),
    (
        "{name}会见矿工",
        "{post}{name}星期一会见了正在罢工的矿工。{name}承诺一周内答复。工会要求提高工资。",
    ),
)
RUSSIAN = (
    (
        "{name} открыл мост",
        (
            "{post} {name} в понедельник открыл мост через северную реку. {name} сказал, что мост обошёлся "
            "дешевле, чем ожидалось. В первый год проезд будет бесплатным."
        ),
    ),
    (
        "{name} в больнице",
        (
            "{post} {name} в понедельник был доставлен в больницу после падения. Врачи сообщили, что {name} "
            "сломал руку. Заседание правительства отложили."
        ),
    ),
    (
        "{name} подписал договор",
        (
            "{post} {name} в понедельник подписал договор о рыболовстве с соседями. {name} назвал его важным для "
            "побережья. Он вступит в силу в июне."
        ),
    ),
)


@pytest.mark.parametrize(
    ("reports", "post", "name"),
    [
        (ENGLISH, "Finance Minister", "Amadou Sarr"),
        (ENGLISH, "Deputy Prime Minister and Minister of Foreign Affairs", "Thongdeng Sayavongkham"),
        (ENGLISH, "", "Dina Kessler"),
        (VIETNAMESE, "Ủy viên Bộ Chính trị, Bộ trưởng Bộ Giao thông", "Trần Khắc Hiếu"),
        (CHINESE, "国务院副总理兼外交部长", "陈国栋"),
        (RUSSIAN, "Заместитель председателя правительства", "Николай Бережной"),
    ],
)
def test_other_events_of_one_person_are_not_duplicates(
    reports: tuple[tuple[str, str], ...], post: str, name: str
) -> None:
    """A duplicate is not reported again, so a wrong one is a lost report."""
    articles = [
        Article(
            f"https://daily.example/{number}",
            title.format(post=post, name=name),
            body=text.format(post=post, name=name).strip(),
        )
        for number, (title, text) in enumerate(reports)
    ]
    for pair in combinations(enumerate(articles), 2):
        placed = group_articles([(str(number), article) for number, article in pair])
        assert all(not original for _, original in placed.values()), [article.title for _, article in pair]


@pytest.mark.parametrize("shown", [1, 2, 3])
def test_a_short_copy_is_a_duplicate(shown: int) -> None:
    """Also of one sentence, or with another headline and a changed word."""
    title, text = (part.format(post="Finance Minister", name="Amadou Sarr") for part in ENGLISH[1])
    whole = Article("https://daily.example/1", title, body=text)
    sentences = text.replace("met miners", "received miners").split(". ")[:shown]
    copy = Article("https://other.example/1", "Sarr and the miners", body=". ".join(sentences).rstrip(".") + ".")
    placed = group_articles([("1", whole), ("2", copy)])
    assert placed["2"][1] or placed["1"][1]
