"""What a running service tells Prometheus: who answered how fast, what runs by law, what waits, and nothing made up."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.http import Http
from monitor.metrics import PREFIX, Loop
from tests.daemon.house import START, House, house

pytestmark = pytest.mark.anyio
CONFIG = """
drill_to = ["channel:hook"]
[[source]]
name = "desk"
kind = "push"
family = "tickets"
expect_every = "10m"
[[source]]
name = "open"
kind = "push"
family = "social"
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "fires"
risk = "product-safety"
where = { topic = ["fire"] }
window = "1h"
every = "1m"
blue = { above = 0 }
orange = { above = 4 }
leave = { below = 0.8, dwell = "10m" }
[[rule]]
name = "unwell"
risk = "monitoring"
of = "findings"
by = ["subject"]
every = "5m"
blue = { above = 0 }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[person]]
name = "zhang"
via = ["hook"]
[[route]]
to = ["channel:hook", "zhang"]
"""


async def scrape(here: House) -> str:
    async with Http() as http:
        answer = await http.request("GET", here.url + "/metrics")
    assert answer.status == 200
    return answer.body.decode()


async def told(here: House, name: str, **labels: str) -> float | None:
    """The sum over the series that have these labels; None when there is none."""
    families = text_string_to_metric_families(await scrape(here))
    found = [
        s.value
        for family in families
        for s in family.samples
        if s.name == PREFIX + name and labels.items() <= s.labels.items()
    ]
    return sum(found) if found else None


async def test_every_loop_that_waits_has_got_on(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.to("10m")
        here.service.watch.look()
        stamps = [await told(here, "loop_last_advance_timestamp_seconds", loop=loop) for loop in get_args(Loop)]
        assert [stamp for stamp in stamps if stamp is None or stamp < START + 600] == []


def fires(here: House, count: int) -> list[dict[str, Any]]:
    return here.many((here.clock.now() - START) / 60, count, 0)


async def act(here: House, incident: str, verb: str, **body: Any) -> None:
    answer = await here.post(f"/api/v1/incidents/{incident}/{verb}", body)
    assert answer.status == 200, answer.body


async def test_the_time_to_an_answer_counts_from_the_raise(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", fires(here, 1))
        await here.to("30m")
        await here.push("desk", fires(here, 5))
        assert await told(here, "incidents_unacknowledged", tier="orange") == 1
        await here.to("32m")
        await act(here, "INC-2026-0001", "ack")
        assert await told(here, "incidents_unacknowledged", tier="orange") == 0
        assert await told(here, "incidents_open", tier="orange") == 1
        assert await told(here, "ack_seconds_count", tier="orange") == 1
        assert 60 < (await told(here, "ack_seconds_sum", tier="orange") or 0) < 180


async def test_a_legal_clock_counts_down_at_each_scrape(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", fires(here, 5))
        assert await told(here, "clock_running") == 0
        await act(here, "INC-2026-0001", "clock-start", clock="us-cpsc-15b", since=here.clock.now() - 60)
        assert await told(here, "clock_running", clock="us-cpsc-15b") == 1
        left = await told(here, "clock_remaining_seconds", clock="us-cpsc-15b")
        await here.to("20m")
        later = await told(here, "clock_remaining_seconds", clock="us-cpsc-15b")
        assert left is not None and later is not None and left - later == pytest.approx(1200, abs=30)


async def test_a_drill_shows_as_a_drill_only(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        opening = {"risk": "product-safety", "tier": "red", "drill": True, "comment": "practice"}
        assert (await here.post("/api/v1/incidents", opening)).status in (200, 201)
        assert await told(here, "drill_transitions_total", transition="NEW") == 1
        assert await told(here, "incidents_open") == 0
        assert await told(here, "notices_total") == 0
        await act(here, "INC-2026-0001", "ack")
        drilled = await told(here, "drills_last_success_timestamp_seconds")
        assert drilled == pytest.approx(here.clock.now(), abs=10)
        assert await told(here, "ack_seconds_count") == 0


async def test_that_no_finding_is_open_is_known_and_calm(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", [])
        await here.to("6m")
        assert await told(here, "rule_tier_level", rule="unwell") == 0
        await here.to("40m")
        assert await told(here, "findings_open", kind="source-silent") == 1
        assert await told(here, "rule_tier_level", rule="unwell") == 1


async def test_an_idle_service_is_seen_to_live_by_its_own_clock(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", [])
        await here.to("5h")
        assert await told(here, "time_seconds") == pytest.approx(here.clock.now(), abs=1)
        heard = await told(here, "source_last_success_timestamp_seconds", source="desk")
        assert heard == pytest.approx(START, abs=5)
        assert await told(here, "source_expected_every_seconds", source="desk") == 600
        assert await told(here, "source_expected_every_seconds", source="open") is None


async def test_what_is_taken_out_of_the_config_is_gone_at_the_next_scrape(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("open", fires(here, 5))
        assert 'rule="fires"' in await scrape(here) and 'source="open"' in await scrape(here)
        text = here.service.path.read_text(encoding="utf-8")
        for gone in ('[[source]]\nname = "open"', '[[rule]]\nname = "fires"'):
            begin = text.index(gone)
            text = text[:begin] + text[text.index("[[", begin + 2) :]
        here.service.path.write_text(text, encoding="utf-8")
        await here.service.reload()
        await here.to("10m")
        after = await scrape(here)
        assert 'rule="fires"' not in after and 'source="open"' not in after
        assert 'rule="unwell"' in after and 'source="desk"' in after


async def test_the_series_a_rule_names_are_shown_one_by_one_and_go_when_it_names_them_no_more(tmp_path: Path) -> None:
    named = 'by = ["product"]\nexport = [{ product = "X1" }, { product = "X2" }]\nwindow = "1h"\nevery = "1m"'
    async with house(tmp_path, CONFIG.replace('window = "1h"\nevery = "1m"', named, 1)) as here:

        async def levels() -> list[float | None]:
            return [await told(here, "series_tier_level", rule="fires", series=name) for name in ("X1", "X2", "X3")]

        assert await levels() == [-1, -1, None]
        records = fires(here, 6)
        for n, record in enumerate(records):
            record["labels"] = {"product": "X1" if n < 5 else "X3"}
        await here.push("desk", records)
        assert await levels() == [3, -1, None]
        text = here.service.path.read_text(encoding="utf-8").replace('{ product = "X1" }, ', "")
        here.service.path.write_text(text, encoding="utf-8")
        await here.service.reload()
        assert await levels() == [None, -1, None]


@pytest.mark.promtool
async def test_promtool_has_nothing_to_say_while_it_burns(tmp_path: Path) -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed")
    async with house(tmp_path, CONFIG) as here:
        calm = await scrape(here)
        await here.push("desk", fires(here, 5))
        burning = await scrape(here)
    for body in (calm, burning):
        said = await anyio.run_process([promtool, "check", "metrics"], input=body.encode(), check=False)
        assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


async def test_what_was_sent_is_not_said_to_wait(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", fires(here, 5))
        assert here.hook.accepted
        assert await told(here, "deliveries_pending", channel="hook") == 0
        assert await told(here, "outbox_oldest_timestamp_seconds") == 0


async def test_findings_are_exported_while_a_timer_waits_far_ahead(tmp_path: Path) -> None:
    begin = CONFIG.index('[[rule]]\nname = "unwell"')
    config = CONFIG[:begin] + CONFIG[CONFIG.index("[[channel]]") :] + 'ack_within = "20h"\n'
    async with house(tmp_path, config) as here:
        await here.push("desk", fires(here, 5))
        await here.to("40m")
        assert await told(here, "findings_open", kind="source-silent") == 1
        await here.push("desk", fires(here, 5))
        await here.to("50m")
        assert await told(here, "findings_open", kind="source-silent") == 0


async def test_a_push_that_is_expected_and_does_not_come_is_down(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        assert await told(here, "source_up", source="desk") == 0, "it never spoke"
        assert await told(here, "source_up", source="open") == 1, "nothing is expected of it"
        await here.push("desk", [])
        assert await told(here, "source_up", source="desk") == 1
        await here.to("40m")
        assert await told(here, "source_up", source="desk") == 0


async def test_a_restart_knows_when_a_source_last_spoke(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.push("desk", [])
    async with house(tmp_path, CONFIG) as here:
        assert await told(here, "source_up", source="desk") == 1
        heard = await told(here, "source_last_success_timestamp_seconds", source="desk")
        assert heard == pytest.approx(START, abs=5)


async def test_small_answers_over_a_kept_connection_do_not_wait_for_the_other_sides_ack(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here, Http() as http:
        took = []
        for _ in range(12):
            began = time.perf_counter()
            assert (await http.request("GET", here.url + "/healthz")).status == 200
            took.append(time.perf_counter() - began)
    assert min(took[6:]) < 0.03, "Nagle's algorithm against delayed acknowledgements: 40 ms each"
