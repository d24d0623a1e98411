"""Somebody is there at every hour, or the check says at which hour nobody is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.config.fault import Fault
from monitor.config.load import read

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 2, 8, tzinfo=ZONE).timestamp()
BASE = """
[settings]
timezone = "Asia/Shanghai"
[server]
public_url = "https://warn.example.com"
[[source]]
name = "tickets"
kind = "push"
family = "tickets"
[[rule]]
name = "surge"
risk = "mass-complaints"
orange = { above = 5 }
[[person]]
name = "li"
email = "li@example.com"
phone = "1"
[[person]]
name = "wang"
email = "wang@example.com"
[[team]]
name = "crisis"
roles = { leader = ["li"] }
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
from = "warn@example.com"
[[escalation]]
name = "duty"
[[escalation.step]]
to = ["rota:duty"]
"""
ROUTE = '[[route]]\nescalation = "duty"\n'


def faults(folder: Path, text: str, now: float | None = MONDAY) -> list[Fault]:
    path = folder / "rules.toml"
    path.write_text(BASE + text, encoding="utf-8")
    return [fault for fault in read(path, now=now)[1] if fault.severity == "fault"]


def rota(**more: str) -> str:
    rows = {"name": "duty", "starts": "2026-01-05"} | more
    return '[[rota]]\npeople = ["li", "wang"]\n' + "".join(f'{key} = "{value}"\n' for key, value in rows.items())


def test_a_rota_that_answers_always_leaves_no_hour_open(tmp_path: Path) -> None:
    assert faults(tmp_path, ROUTE + rota()) == []


def test_an_hour_of_the_night_without_anyone_is_a_fault(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, ROUTE + rota(hours="08:00-22:00"))
    assert found.id == "nobody_at_hour" and found.where == 'rule "surge"'
    assert "from 11-02 22:00 to 11-03 08:00" in found.text("en")


def test_a_rota_past_its_end_is_a_fault_and_one_that_ends_soon_a_warning(tmp_path: Path) -> None:
    assert {fault.id for fault in faults(tmp_path, ROUTE + rota(until="2026-10-31"))} == {"rota_over"}
    text = ROUTE + '[[route]]\ntier = ["orange"]\nto = ["wang"]\n' + rota(until="2026-11-12")
    assert "rota_ends" in {fault.id for fault in read(_written(tmp_path, text), now=MONDAY)[1]}


def _written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(BASE.replace('to = ["rota:duty"]', 'to = ["rota:duty", "li"]') + text, encoding="utf-8")
    return path


def test_at_no_time_in_particular_the_hours_are_not_asked(tmp_path: Path) -> None:
    assert faults(tmp_path, ROUTE + rota(until="2026-10-31"), now=None) == []


def test_a_grave_route_that_rings_nobody_is_a_fault_where_something_could_ring(tmp_path: Path) -> None:
    ring = '[[channel]]\nname = "push"\nkind = "ntfy"\nurl = "https://ntfy.example.com"\n'
    quiet = '[[route]]\nto = ["wang"]\n' + rota()
    assert faults(tmp_path, quiet) == []
    (found,) = faults(tmp_path, quiet + ring)
    assert found.id == "nothing_rings"


def test_a_role_of_a_playbook_that_nobody_fills_is_a_warning(tmp_path: Path) -> None:
    found = {fault.id: fault for fault in read(_written(tmp_path, ROUTE + rota()))[1]}
    names = found["unfilled_roles"].text("en")
    assert "recorder" in names and "leader" not in names.split(": ")[1].split(", ")
