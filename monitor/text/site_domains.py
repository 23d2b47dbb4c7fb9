"""Site domains: the part of a host name that all hosts of one outlet share.

In many countries, the domain of an outlet has three labels, such as ``example.co.uk`` or ``example.com.au``. The table
lists the second-level labels of these countries (``co``, ``com``). It was made from the ICANN section of the Public
Suffix List (publicsuffix.org, 2026-10-22). Labels of regions and towns, which that list also has, are left out.
"""

from functools import cache

_COUNTRIES_BY_LABEL = """
org: ac ae af ag ai al am ao ar au az ba bb bd bh bi bj bm bn bo br bs bt bw bz ci cn co cu cv cw cy dm do dz ec
    ee eg es et fj fm ge gg gh gi gl gn gp gr gt gu gy hk hn ht hu il im in io iq ir je jo kg kh ki km kn kp kw ky
    kz la lb lc lk lr ls lv ly ma me mg mk ml mn mo ms mt mu mv mw mx my mz na ng ni nr nz om pa pe pf ph pk pl pn
    pr ps pt py qa ro rs rw sa sb sc sd se sg sh sk sl sn so ss st sv sy sz tj tm tn to tr tt tw ua ug uk uy uz vc
    ve vi vn vu ws ye za zm zw
net: ac ae af ag ai al am ar au az ba bb bd bh bj bm bn bo br bs bt bw bz ci cm cn co cu cv cw cy dm do dz ec eg
    et fj fm ge gg gh gl gn gp gr gt gu gy hk hn ht id il im in io iq ir je jo kg kh ki kn kw ky kz la lb lc lk lr
    ls lv ly ma me mk ml mo ms mt mu mv mw mx my mz na nf ng ni nr nz om pa pe ph pk pl pn pr ps pt py qa rw sa sb
    sc sd sg sh sl so ss st sy th tj tm tn to tr tt tw ua uk uy uz vc ve vi vn vu ws ye za zm
com: ac af ag ai al am ar au aw az ba bb bd bh bi bj bm bn bo br bs bt by bz ci cm cn co cu cv cw cy dm do dz ec
    ee eg es et fj fm fr ge gh gi gl gn gp gr gt gu gy hk hn hr ht im in io iq jo kg kh ki km kp kw ky kz la lb lc
    lk lr lv ly mg mk ml mo ms mt mu mv mw mx my na nf ng ni nr om pa pe pf ph pk pl pr ps pt py qa re ro sa sb sc
    sd sg sh sl sn so ss st sv sy tj tm tn to tr tt tw ua ug uy uz vc ve vi vn vu ws ye zm
edu: ac af al ao ar au az ba bb bd bh bi bj bm bn bo br bs bt bz ci cn co cu cv cw dm do dz ec ee eg es et fj fm
    gd ge gh gi gl gn gp gr gt gu gy hk hn ht in io iq it jo kg kh ki km kn kp kw ky kz la lb lc lk lr ls lv ly me
    mg mk ml mn mo ms mt mv mw mx my mz ng ni nr om pa pe pf ph pk pl pn pr ps pt py qa rs sa sb sc sd sg sl sn so
    ss st sv sy tj tm to tr tt tw ua ug uy vc ve vg vn vu ws ye za zm
gov: ac ae af al ao ar as au az ba bb bd bf bh bm bn br bs bt bw by bz cd cl cm cn co cx cy cz dm do dz ec ee eg
    et fj gd ge gh gi gn gr gu gy hk ie il in io iq ir it jo kg kh ki km kn kp kw kz la lb lc lk lr ls lt lv ly ma
    me mg mk ml mn mo mr ms mu mv mw my mz na ng nr om ph pk pl pn pr ps pt pw py qa rs rw sa sb sc sd sg sh sl so
    ss sx sy tj tl tm tn to tr tt tw ua ug uk vc ve vn ws ye za zm zw
co: ae ag am ao at az bb bd bi bj bw bz ci cl cm cr dm gg gl gy hu id il im in io ir it je jp ke kr lc ls ma me
    mg mu mw mz na ni nz om pn rs rw ss st sz th tj tm tt tz ug uk uz ve vi za zm zw
mil: ac ae al ar az ba bd bo br by cl cn co cy do ec eg fj gh gt hn id in io iq jo kg km kr kz lv mg mv my mz ng
    ni no nz pe ph pl py qa rw sh st sy tj tm to tr tt tw tz ug uy vc ve ye za zm zw
ac: ae at bd be bw ci cn cr cy eg fj gn id il im in ir jp ke kr lk ls ma me ml mu mw mz ni nz pa pk pr rs rw se
    sz th tz ug uk vn za zm zw
info: az bb bd bj bo ec eg et fj gu ht hu in ke ki la ls ml mv nf ni nr pl pr ro sd tn tr tt tz ve vn zm
biz: az bb cy et fj gh id in ki ls mv mw my ni nr pk pl pr ss tj tr tt vn zm
gob: ar bo cl cu do ec es gt hn mx ni pa pe pk sv ve
nom: ag co es fr io km mg nc ni pa pe pl ro tm ve za
int: ar az bo ci cv in la lk mv mw ni pt tj ve vn
name: az eg et fj hr mk mv my ng pr qa tj tr tt vn
or: at bi ci cr id it jp ke kr mu th tz ug
pro: az br cy ec fj ht in mv om pr tt vn
sch: ae bd id ir jo lk ly ng qa sa ss zm
tv: bb bd bo br eg im in it jo sd tr tz
web: bo do gu id lk nf ni pk tj tr ve za
go: ci cr id it jp ke kr th tj tz ug
tm: cy dz fr hu km mc no pl ro se za
asso: ci dz fr gp ht km mc ml nc re
me: eg in it ke kr so ss tz uk
coop: ar br ht in km mv mw py rw
id: au bd cv fj ir lv ly vn
med: br ec ee ht ly om pa sa sd
art: br do dz ec ht ml sn
ai: bd id in jo kr vn
gouv: ci fr ht km ml sn
ne: jp ke kr tz ug
firm: ht in nf ro ve
ind: br gt in kw tn
store: bb nf ro st ve
ed: ao ci cr jp
fm: br it jo no
k12: ec il tr vi
ltd: cy gi lk uk
mobi: gp ke ng tz
priv: hu me no pl
rec: br nf ro ve
school: ge in nz za
gen: in nz tr
museum: mv no om
ngo: lk ph za
nic: in tj za
pe: ca it kr
per: jo la nf
press: cy ma se
re: it kr no
tur: ar br ec
am: br in
asn: au lv
blog: bo br
gv: ao at
health: nz vn
lg: jp ua
media: hu pl
plc: ly uk
gok: pk
gop: pk
gos: pk
govt: nz
gub: uy
jor: br
news: hu
nhs: uk
parliament: nz
police: uk
radio: br
"""
"""Text table with one entry for each second-level label, such as "co" in ``example.co.uk``.

An entry has the label, a colon, and the top-level domains in which sites are registered below this label. A line
without a colon continues the previous line.
"""
_ANY_LABEL_COUNTRIES = frozenset({"ck", "er", "fk", "jm", "mm", "np", "pg"})
"""Top-level domains under which the domain of a site always has three labels, as in ``example.com.np``.

Any label may be the second one, so these labels cannot be listed.
"""


def get_site_domain(host: str) -> str:
    """Return the registered domain of a host, such as ``example.co.uk``, which all hosts of a site share.

    An IP address is returned unchanged.
    """
    labels = host.split(".")
    if len(labels) < 3 or labels[-1].isdecimal() or ":" in host:
        return host
    label, country = labels[-2:]
    is_second_level = country in _ANY_LABEL_COUNTRIES or country in _second_level_countries().get(label, ())
    return ".".join(labels[-3 if is_second_level else -2 :])


@cache
def _second_level_countries() -> dict[str, frozenset[str]]:
    entries = _COUNTRIES_BY_LABEL.strip().replace("\n    ", " ").splitlines()
    return {label: frozenset(countries.split()) for label, _, countries in (entry.partition(":") for entry in entries)}
