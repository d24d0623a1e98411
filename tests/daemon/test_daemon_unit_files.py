"""The units of systemd/: notified, watched, hardened; the template differs from the plain one in its places only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNITS = ("crisis-monitor.service", "crisis-monitor@.service")


def settings(name: str) -> list[str]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", UNITS)
def test_it_is_notified_and_watched(name: str) -> None:
    assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=60"} <= set(settings(name))


def test_the_template_differs_in_its_places_only() -> None:
    plain, template = settings(UNITS[0]), settings(UNITS[1])
    assert [re.sub(r"/%i|, %i", "", line) for line in template] == plain


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_it_and_rates_its_exposure_low(name: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / name.replace("@.", "@shop.")
    unit.write_text((FOLDER / name).read_text("utf-8").replace("/opt/crisis-monitor/bin/crisis-monitor", "/bin/true"))
    verified = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run([analyze, "security", "--offline=true", unit], capture_output=True, text=True).stdout
    found = re.search(r"exposure level for \S+: ([\d.]+)", rated)
    assert found is not None and float(found[1]) <= 1.1


def test_the_lasting_user_keeps_the_unit_sound_and_sees_who_is_at_the_socket(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit, more = tmp_path / UNITS[0], tmp_path / f"{UNITS[0]}.d" / "lasting-user.conf"
    unit.write_text(
        (FOLDER / UNITS[0]).read_text("utf-8").replace("/opt/crisis-monitor/bin/crisis-monitor", "/bin/true")
    )
    more.parent.mkdir()
    shutil.copy(FOLDER / "crisis-monitor.lasting-user.conf", more)
    call = [analyze, "verify", "--man=no", unit]
    verified = subprocess.run(
        call, capture_output=True, text=True, env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    )
    assert verified.stderr == ""
    assert {"PrivateUsers=no", "DynamicUser=no", "User=crisis-monitor"} <= set(
        settings("crisis-monitor.lasting-user.conf")
    )


def test_the_lasting_user_is_understood() -> None:
    program = shutil.which("systemd-sysusers")
    if program is None:
        pytest.skip("systemd-sysusers is not installed")
    text = (FOLDER / "crisis-monitor.sysusers").read_text("utf-8")
    done = subprocess.run([program, "--dry-run", "-"], input=text, capture_output=True, text=True)
    assert (done.returncode, "crisis-monitor" in done.stderr) == (0, True), done.stderr


def test_the_folders_of_the_lasting_user_are_those_of_the_unit() -> None:
    made = [line.split()[1:4] for line in settings("crisis-monitor.tmpfiles")]
    assert ["/var/lib/crisis-monitor", "0700", "crisis-monitor"] in made
    assert "StateDirectoryMode=0700" in settings(UNITS[0])
