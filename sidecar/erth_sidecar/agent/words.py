"""Words that say nothing about what a question is after."""

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
