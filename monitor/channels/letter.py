"""A notice as a mail: text and HTML, threaded by incident, with headers that nothing strange can enter. Pure."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from monitor.channels.dialect import HTML, PLAIN, one_line
from monitor.channels.fit import whole
from monitor.channels.links import buttons
from monitor.channels.payload import over
from monitor.model import Line, Link, Notice, Target, Tier

_COLOURS = {
    Tier.CALM: ("#2b8a3e", "#ffffff"),
    Tier.BLUE: ("#1864ab", "#ffffff"),
    Tier.YELLOW: ("#ffd43b", "#212529"),
    Tier.ORANGE: ("#d9480f", "#ffffff"),
    Tier.RED: ("#c92a2a", "#ffffff"),
}
"""Head and its letters; each pair has a contrast of 4.5 or more. The title bears the word and the symbol."""
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")


def letter(notice: Notice, sender: str, to: tuple[tuple[str, str], ...], now: float) -> EmailMessage:
    """The mail. `to`: (name, address). ValueError for an address that is none."""
    fitted = whole(notice)
    mail = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2]
    mail["Subject"] = fitted.heading(PLAIN).strip()
    mail["From"] = _address("crisis-monitor", sender)
    mail["To"] = tuple(_address(name, address) for name, address in to)
    mail["Date"] = datetime.fromtimestamp(now, UTC)
    mail["Message-ID"] = f"<{_token(notice.key)}@{domain}>"
    mail["In-Reply-To"] = mail["References"] = f"<{_token(notice.incident)}.incident@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if notice.tier >= Tier.ORANGE and not over(notice):
        mail["Importance"], mail["X-Priority"] = "high", "1"
    mail.set_content(fitted.text(PLAIN) + "\n", cte="base64")
    mail.add_alternative(_page(notice, fitted.heading(HTML), fitted.written(HTML)), subtype="html", cte="base64")
    return mail


def valid(address: str) -> bool:
    """True for what can be a mail address and nothing else."""
    return bool(_ADDRESS.fullmatch(address))


def person(target: Target, address: str) -> tuple[str, str]:
    """(name, address) of the one a delivery is for."""
    return one_line(target.display or target.person), address


def _address(name: str, address: str) -> Address:
    if not valid(address):
        raise ValueError(f"{address!r} is no mail address")
    return Address(display_name=name, addr_spec=address)


def _token(text: str) -> str:
    """The part of a message id before the @: what is none of its letters is written in hex."""
    return re.sub(r"[^A-Za-z0-9.\-]", lambda m: f"_{ord(m[0]):x}", text).strip(".") or "none"


def _page(notice: Notice, title: str, lines: list[str]) -> str:
    back, letters = _COLOURS[Tier.CALM if over(notice) else notice.tier]
    rows = "".join(_row(text, line) for text, line in zip(lines, notice.lines, strict=True))
    links = "".join(_button(label, url, back, letters) for label, url in buttons(notice))
    return (
        f'<!doctype html><html lang="{html.escape(notice.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>'
        f"{title}</title></head>"
        '<body style="margin:0;padding:12px;background:#f1f3f5;color:#212529;'
        "font:16px/1.5 -apple-system,'PingFang SC','Microsoft YaHei',Roboto,Arial,sans-serif\">"
        '<div style="max-width:600px;margin:0 auto;background:#ffffff;border-radius:8px;overflow:hidden">'
        f'<h1 style="margin:0;padding:14px 16px;font-size:19px;background:{back};color:{letters}">{title}</h1>'
        f'<div style="padding:8px 16px 16px">{rows}{links}</div></div></body></html>'
    )


def _row(text: str, line: Line) -> str:
    weight = ";font-weight:600" if line.vital and not any(isinstance(p, Link) for p in line.parts) else ""
    return f'<p style="margin:8px 0;overflow-wrap:anywhere{weight}">{text}</p>' if text else ""


def _button(label: str, url: str, back: str, letters: str) -> str:
    style = (
        f"display:inline-block;margin:8px 8px 0 0;padding:12px 18px;border-radius:6px;background:{back};color:{letters}"
    )
    return f'<a style="{style};text-decoration:none;font-weight:600" href="{html.escape(url)}">{html.escape(label)}</a>'
