"""Which words of a question say what it is after."""

from erth_sidecar.text import stems

MAX_WORDS = 12
"""Words of a question that are looked for; of a long one the weak are left out first."""

STOP = frozenset(
    """
a about all also am an and any are as at be been but by can could did do does for from had has
have he her him his how i if in into is it its just know me more most my no not of on or our she
should so some tell than that the their them then there these they this to us was we were what
when where which who whom why will with would you your please find show note notes
aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist da damit dann
das dass dein deine dem den der des dich die dies diese diesem diesen dieser dieses dir doch du
durch ein eine einem einen einer eines er es etwas euch für gibt habe haben hat hatte ich ihm ihn
ihr ihre im in ist ja kann kein keine man mein meine meinem meinen meiner mich mir mit muss nach
nicht noch nun nur ob oder ohne sehr sein seine sich sie sind so soll über um und uns unser vom
von vor wann war waren warum was weil welche welcher welches wenn wer werden wie wieder will wir
wird wo woher wohin wurde zu zum zur notiz notizen steht stehen sag zeige bitte
""".split()  # noqa: SIM905 - a list of 200 quoted words is harder to read
)

WEAK = frozenset(
    """
    able actually add ago allow already although always another around ask away back bad become
    before begin best better big both bring call came change come different done else end enough
    even ever every everything fact feel few first found gave get give go goes going gone good got
    great happen happened help high important instead keep kept kind know large last later leave
    left less let like little long look lot made make many matter maybe mean might mine much must
    name need never new next nothing number off often old once one only other others ours out over
    own part people place point possible put quite rather really right said same saw say second see
    seem set several side since small something sometimes still stop such sure take taken thing
    things think though three time too took toward try two under until up upon use used usual
    usually very want way week well went whether while whole within without work worked works worth
    wrong year years yes yet day days
    anfangen bekommen besser bleiben bringen dabei dafür danach darf dazu dort dürfen einfach einmal
    ende erst erste ersten fall finden ganz geben gehen geht gemacht genau gerade gern gibt groß
    große gut heißt helfen hier immer jahr jahre jeden jeder jedes jetzt klein kommen kommt könnte
    lange lassen letzte letzten machen macht mal mehr meisten müssen nächste nächsten nehmen nie
    sagen schon sehen seit sollen sonst stehen tag tage teil tun unsere unserer viel viele wegen
    weit wirklich wissen wohl wollen zeit zwei
    """.split()  # noqa: SIM905 - as above
)
"""Frequent words that may be the matter after all: they count half."""

CJK_STOP = (
    "什么",
    "时候",
    "怎么",
    "哪里",
    "哪个",
    "为什",
    "多少",
    "如何",
    "是否",
    "可以",
    "我们",
    "你们",
    "他们",
    "这个",
    "那个",
    "的",
    "了",
    "吗",
    "呢",
    "是",
    "我",
    "你",
    "在",
    "么",
    "です",
    "ます",
    "ですか",
    "は",
    "を",
    "に",
    "が",
    "の",
    "か",
)
"""Parts that mark a pair of characters as grammar rather than matter."""


def words_of(question: str) -> list[str]:
    """What to look for: words without the ones every sentence has, pairs of CJK characters."""
    found = []
    for token in dict.fromkeys(stems.tokens(question)):
        if stems.CJK.match(token):
            if not any(stop in token for stop in CJK_STOP):
                found.append(token)
        elif token not in STOP and (len(token) > 1 or token.isdigit()):
            found.append(token)
    if len(found) > MAX_WORDS:
        found = [word for word in found if word not in WEAK] or found
    return found[:MAX_WORDS]
