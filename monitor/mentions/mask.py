"""Personal data out of excerpts: numbers of phones, papers and cards, addresses, plates, accounts and named persons.

Everything found becomes `***`. Too much masked costs a glance at the console, too little costs a person; so a long
number is masked whether or not its checksum holds. Service numbers (400, 800, 95…, 12315) are nobody's and stay.
"""

from __future__ import annotations

import re
import unicodedata

from monitor.mentions.normalize import INVISIBLE

MASK = "***"
_LOOKED_AT = 4000

_HAN = "\u4e00-\u9fff"
_GAP = f"[ \u3000·•.\\-‐-―_{INVISIBLE}]{{0,3}}"
_CHINESE_DIGIT = "[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NUMBERED = "号楼|号院|号|弄|栋|幢|座|单元|室|楼|层|户|组"

_PATTERNS = (
    # Mail addresses, also with a full-width @.
    r"[A-Za-z0-9._+%\-Ａ-Ｚａ-ｚ０-９]{1,64}[@＠](?:[A-Za-z0-9\-]{1,63}\.){1,5}[A-Za-z]{2,24}",
    # Identity cards: birthday in the middle, check character at the end.
    rf"(?<!\d)[1-9]\d{{5}}{_GAP}(?:18|19|20)\d{{2}}{_GAP}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]){_GAP}\d{{3}}[\dXxＸｘ](?!\d)",
    # Cards, accounts, old identity cards and order numbers: 12 to 30 digits, in groups or not.
    r"(?<![\d.])\d{4}(?:[ \-]\d{4}){2,4}(?:[ \-]\d{1,4})?(?!\d)|(?<![\d.])\d{12,30}(?!\d)",
    # Mobile numbers, however they are cut up or written.
    rf"(?<!\d)(?:(?:\+|＋|00)?86{_GAP})?[1１]{_GAP}[3-9３-９]{_GAP}(?:\d{_GAP}){{8}}\d(?!\d)",
    rf"(?<!{_CHINESE_DIGIT})[一幺壹]{_CHINESE_DIGIT}{{10}}(?!{_CHINESE_DIGIT})",
    # Landlines with their area code, and numbers of other countries.
    r"(?<!\d)[(（]?0(?:10|2\d|[3-9]\d{2})[)）]?[ \-‐-―]?[2-8]\d{6,7}(?:\s?(?:-|转|ext\.?)\s?\d{1,6})?(?!\d)",
    r"(?<![\d+])\+\d{1,3}(?:[ \-.()]{0,2}\d{2,5}){2,5}(?!\d)",
    r"(?<![\d\-])(?!400|800)(?:\(\d{3}\)\s?|\d{3}[\-. ])\d{3}[\-. ]\d{4}(?![\d\-])",
    # Passports and permits, plates.
    r"(?<![A-Za-z0-9])(?:[EGDSPHMegdsphm][A-Za-z]?\d{8}|[HMhm]\d{10})(?![A-Za-z0-9])",
    rf"[{_PLATES}][A-HJ-NP-Z][·• ]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])",
    # Building, unit and room; English streets.
    r"\d{1,4}\s?(?:号楼|栋|幢|座)\s?(?:\d{1,3}\s?单元\s?)?\d{2,5}\s?(?:室|号|户)?",
    r"(?i:\b\d{1,5}\s(?:[A-Z][a-z]{1,15}\s){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd)\b\.?)",
)
_ALL = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS))

# A road or estate with its number; what stands before it down to the district stays.
_ADDRESS = re.compile(
    rf"([{_HAN}]{{0,16}}(?:[省市区县镇乡住在到址])|)"
    rf"[{_HAN}]{{1,8}}?(?:大街|大道|胡同|小区|花园|公寓|新村|家园|路|街|道|巷|里|村|苑|弄)"
    rf"\s?\d{{1,5}}\s?(?:{_NUMBERED})(?:[{_HAN}]{{0,8}}?\d{{1,5}}\s?(?:{_NUMBERED})){{0,4}}(?:\d{{2,4}})?"
)

# What follows the label goes, the label stays.
_LABELLED = re.compile(
    rf"((?:姓名|联系人|收件人|收货人|订购人|投保人|患者|户名)\s?[:：]\s?|我叫)[{_HAN}]{{2,4}}(?![{_HAN}]{{3}})"
    rf"|((?i:微信号?|weixin|wechat|wx|vx|qq号?|抖音号|支付宝(?:账号)?)[:：是为\s]{{0,3}})"
    rf"(?=[\w\-]{{0,29}}\d)[A-Za-z0-9][A-Za-z0-9_\-]{{4,29}}"
    rf"|((?i:订单号?|单号|order(?:\s?(?:no|number|id))?)[.:：#\s是]{{1,3}})"
    rf"(?=[\w\-]{{0,29}}\d)[A-Za-z0-9][A-Za-z0-9_\-]{{5,39}}"
)


def mask(text: str) -> str:
    """The text with personal data replaced by `***`. Applying it twice changes nothing."""
    text = _LABELLED.sub(lambda found: (found[1] or found[2] or found[3] or "") + MASK, text)
    return _ALL.sub(MASK, _ADDRESS.sub(rf"\1{MASK}", text))


_LINK = re.compile(
    r"(?i:(?:https?|ftp)://|www\.)[^\s\u3000-\U0003ffff]+|(?i:\b(?:t\.cn|t\.co|url\.cn|bit\.ly)/[A-Za-z0-9]+)"
)
_UNSEEN = re.compile(f"[{INVISIBLE}]")


def excerpt(text: str, limit: int = 40) -> str:
    """One line for a notice: NFKC, nothing invisible, no links, masked, at most `limit` characters in all."""
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text[:_LOOKED_AT]))
    line = " ".join(mask(_LINK.sub(" ", plain)).split())
    return line if len(line) <= limit else _cut(line, limit - 1).rstrip() + "…"


def _cut(line: str, at: int) -> str:
    """The first characters, never leaving a mark without the letter it sits on, nor half a flag."""
    while at > 0 and _goes_on(line[at]):
        at -= 1
    flags = 0
    while at - flags > 0 and _is_flag_half(line[at - flags - 1]):
        flags += 1
    odd = flags % 2 == 1 and _is_flag_half(line[at])
    return line[: at - 1 if odd else at]


def _goes_on(char: str) -> bool:
    return (
        unicodedata.combining(char) != 0 or "\U0001f3fb" <= char <= "\U0001f3ff" or unicodedata.category(char) == "Mn"
    )


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
