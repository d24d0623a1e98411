"""`crisis-monitor demo`: a made-up crisis through the real service."""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.times import rfc3339

if TYPE_CHECKING:
    from monitor_demo.core import Outcome
    from monitor_demo.play import Played
    from monitor_demo.story import Story


@click.command("demo", help=told("demo.help.demo"))
@click.option("--once", is_flag=True, help=told("demo.help.once"))
@click.option("--json", "as_json", is_flag=True, help=told("demo.help.json"))
@click.option("--seed", type=int, default=1, show_default=True, help=told("demo.help.seed"))
@click.option("--quiet", is_flag=True, help=told("demo.help.quiet"))
@click.option("--seeds", type=int, default=0, help=told("demo.help.seeds"))
@click.option("--interactive", is_flag=True, help=told("demo.help.interactive"))
@lang_option
def demo(once: bool, as_json: bool, seed: int, quiet: bool, seeds: int, interactive: bool, lang: str) -> None:
    """Exit code 1 when a quiet play reached orange, or something accepted was lost."""
    if seeds:
        _many(seeds, as_json, lang)
        return
    from monitor_demo.core import rival, shipped_config
    from monitor_demo.play import performance
    from monitor_demo.stage import Stage
    from monitor_demo.story import tell

    story, config = tell(seed, crisis=not quiet), shipped_config()
    stage = Stage(story, lang, silent=as_json)
    stage.opens(config)
    with ProcessPoolExecutor(1) as beside, performance(story, stage.cue) as play:
        rivals = beside.submit(rival, story)
        if interactive:
            _let_user_answer(play, stage)
        play.history()
        played = play.run()
        other = rivals.result()
        if as_json:
            click.echo(json.dumps(_result(story, played, other), ensure_ascii=False))
        else:
            stage.closes(played, other, config)
        if not (once or as_json) and sys.stdout.isatty():
            stage.say("page", url=played.url)
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
    sys.exit(1 if played.lost or (quiet and {"orange", "red"} & played.tiers.keys()) else 0)


def _let_user_answer(play: Any, stage: Any, seconds: int = 45) -> None:
    """The first time the first person is called, you are that person, for so many seconds of real time."""
    usual = play.ack_after

    def ask(rung: Any) -> float | None:
        note = rung.body["data"]
        if rung.door.endswith("li-na") or play.played.acknowledged is not None:
            answer: float | None = usual(rung)
            return answer
        stage.say("your_turn", seconds=seconds, link=note["urls"]["ack"])
        if play.acknowledged_within(note["incident"], seconds):
            stage.say("you_took", incident=note["incident"])
        else:
            stage.say("you_slept")
        return None

    play.ack_after = ask


def _result(story: Story, played: Played, other: tuple[float, ...]) -> dict[str, Any]:
    from monitor_demo.story import RECALL, ZONE

    red = played.tiers.get("red")
    return {
        "seed": story.seed,
        "crisis": story.crisis,
        "tiers": [
            {"tier": tier, "at": rfc3339(at, ZONE)} for tier, at in sorted(played.tiers.items(), key=lambda p: p[1])
        ],
        "notices": played.notices,
        "deliveries": {"sent": played.deliveries["sent"], "dead": played.deliveries["dead"]},
        "lead_hours": round((RECALL - red) / 3600, 2) if red is not None and story.crisis else None,
        "lost": played.lost,
        "doubled": played.twice,
        "three_times_yesterday": [rfc3339(at, ZONE) for at in other],
        "seconds": round(played.seconds, 1),
    }


def _many(count: int, as_json: bool, lang: str) -> None:
    from monitor_demo.core import shipped_config, step
    from monitor_demo.story import tell

    config, crises, calms = shipped_config(), [], []
    for seed in range(1, count + 1):
        crises.append(step(config, tell(seed)))
        calms.append(step(config, tell(seed, crisis=False)))
        if not as_json:
            click.echo(_line(crises[-1], calms[-1], lang))
    summary = _summary(crises, calms)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        click.echo(say(lang, "demo.say.seeds_sum", **summary))


def _line(crisis: Outcome, calm: Outcome, lang: str) -> str:
    from monitor_demo.story import START

    hours = {t: f"{(at - START) / 3600:.1f} h" for t, (at, _) in crisis.first.items()}
    lead = f"{crisis.lead_hours:.1f} h" if crisis.lead_hours is not None else "–"
    loud = calm.first.get("red") or calm.first.get("orange")
    quiet = f"{loud[1]}!" if loud else say(lang, "demo.say.quiet_ok")
    told = {"orange": hours.get("orange", "–"), "red": hours.get("red", "–"), "lead": lead, "quiet": quiet}
    return say(lang, "demo.say.seeds_line", seed=crisis.seed, **told)


def _summary(crises: list[Outcome], calms: list[Outcome]) -> dict[str, Any]:
    """A seed that missed red counts with a lead of nothing."""
    leads = [max(0.0, c.lead_hours or 0.0) for c in crises]
    return {
        "k": sum(lead > 0 for lead in leads),
        "n": len(crises),
        "median": round(statistics.median(leads), 1),
        "worst": round(min(leads), 1),
        "false": sum("orange" in c.first or "red" in c.first for c in calms),
    }
