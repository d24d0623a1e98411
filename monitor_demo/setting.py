"""The demo's config: the shipped rules byte for byte; this stage's people and places; in shadow a rule for the wall board."""

from __future__ import annotations

import shutil
from pathlib import Path

from monitor.shipped import shipped
from monitor_demo.story import PRODUCTS

FIRST, LAST = "# ── 话题", "# ── 人员"
"""The headings of the shipped file between which its topics and rules stand."""


def shipped_rules() -> str:
    """The part of the shipped rules.toml that judges: topics and rules, unchanged."""
    text = shipped("rules.toml").read_text(encoding="utf-8")
    return text[text.index(FIRST) : text.index(LAST)]


def write(folder: Path, *, listen: str, world: str) -> Path:
    """Writes config and playbooks into a folder; returns the config's path."""
    (folder / "shipped-rules.toml").write_text(shipped_rules(), encoding="utf-8")
    shutil.copytree(shipped("playbooks"), folder / "playbooks", dirs_exist_ok=True)
    path = folder / "rules.toml"
    named = ", ".join(f'{{ product = "{product}" }}' for product, _ in PRODUCTS)
    path.write_text(STAGE.format(listen=listen, world=world, named=named), encoding="utf-8")
    return path


STAGE = """\
include = ["shipped-rules.toml"]

[settings]
organisation = "示例公司"
timezone = "Asia/Shanghai"
language = "zh"

[server]
listen = "{listen}"
public_url = "http://{listen}"

[[source]]
name = "tickets"
kind = "push"
family = "tickets"
expect_every = "15m"

[[source]]
name = "inbox"
kind = "file"
path = "inbox/*.csv"
every = "15m"
family = "tickets"
silent_after = "12h"
fields = {{ id = "工单号", published_at = "投诉时间", text = "投诉内容", author = "客户编号", "labels.product" = "产品", "labels.channel" = "渠道", "labels.flag" = "标记" }}

[[source]]
name = "social"
kind = "push"
expect_every = "15m"

[[source]]
name = "press"
kind = "rss"
url = "{world}/press.rss"
every = "15m"
family = "press"
allow_private = true

[[source]]
name = "regulator"
kind = "json_api"
url = "{world}/regulator.json"
every = "15m"
family = "regulator"
items = "$.bulletins"
fields = {{ id = "id", published_at = "published_at", title = "title", text = "text" }}
allow_private = true

[[source]]
name = "kpi"
kind = "push"
family = "kpi"
expect_every = "2h"

# 展示墙：每个产品单独一行；影子规则只看不发   for the wall board: a row for each product; in shadow it tells nobody
[[rule]]
name = "wall-products"
title = {{ zh = "各产品投诉量", en = "complaints by product" }}
risk = "mass-complaints"
where = {{ family = ["tickets"] }}
window = "1d"
every = "15m"
by = ["product"]
export = [{named}]
mode = "shadow"
detector = {{ kind = "change", against = "last_week", add = 20 }}
blue = {{ above = 1.5, floor = 30 }}
yellow = {{ above = 2.0, floor = 60 }}
orange = {{ above = 4.0, floor = 120 }}
leave = {{ below = 0.8, dwell = "1h" }}

[[channel]]
name = "group"
kind = "dingtalk"
url = "{world}/robot/send?access_token=demo"

[[channel]]
name = "desk"
kind = "webhook"
url = "{world}/phone/desk"

[[channel]]
name = "phone-zhang"
kind = "webhook"
url = "{world}/phone/zhang-wei"

[[channel]]
name = "phone-li"
kind = "webhook"
url = "{world}/phone/li-na"

[[channel]]
name = "phone-wang"
kind = "webhook"
url = "{world}/phone/wang-fang"

[[channel]]
name = "phone-chen"
kind = "webhook"
url = "{world}/phone/chen-jie"

[[person]]
name = "zhang-wei"
display = "张伟"
via = ["group", "phone-zhang"]

[[person]]
name = "li-na"
display = "李娜"
via = ["group", "phone-li"]

[[person]]
name = "wang-fang"
display = "王芳"
via = ["group", "phone-wang"]

[[person]]
name = "chen-jie"
display = "Chen Jie"
language = "en"
via = ["group", "phone-chen"]

[[team]]
name = "crisis"
roles = {{ leader = ["zhang-wei", "li-na"], pr = ["wang-fang"], legal = ["chen-jie"] }}

[[team]]
name = "service"
roles = {{ lead = ["li-na", "wang-fang"] }}

[[route]]
tier = ["red"]
to = ["crisis", "service/lead"]
ack_within = "5m"

[[route]]
tier = ["orange"]
to = ["crisis/leader", "crisis/pr"]
ack_within = "15m"

[[route]]
tier = ["yellow"]
to = ["service/lead"]
ack_within = "4h"

[[route]]
tier = ["blue"]
to = ["channel:desk"]
"""
