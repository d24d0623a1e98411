"""Runs crisis-monitor as its unit would have it: the same system calls, no memory both writable and executable, the
same address families. systemd need not be there: the filter is made from the unit's own lines by libseccomp."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "crisis-monitor.service"
ALLOW, EQUAL, MASKED = 0x7FFF0000, 4, 7
EPERM, EAFNOSUPPORT = 0x00050000 | 1, 0x00050000 | 97
PR_SET_MDWE, NO_EXEC_GAIN = 65, 1
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Compare(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p


class Filter:
    """One filter of libseccomp."""

    def __init__(self, otherwise: int) -> None:
        self._it = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, call: str, *compare: Compare) -> None:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        array = (Compare * len(compare))(*compare)
        seccomp.seccomp_rule_add_array(self._it, ctypes.c_uint32(action), number, len(compare), array)

    def load(self) -> None:
        if seccomp.seccomp_load(self._it) != 0:
            sys.exit("the filter cannot be loaded here")


def setting(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text("utf-8"), re.M)


def members(group: str) -> set[str]:
    """The system calls of a group of systemd's."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True)
    names = [line.strip() for line in said.stdout.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return {each for name in names for each in (members(name) if name.startswith("@") else {name})}


def calls() -> set[str]:
    """What the unit's SystemCallFilter= lines leave."""
    allowed = members("@default")
    for line in setting("SystemCallFilter"):
        found = {call for group in line.lstrip("~").split() for call in members(group)}
        allowed = allowed - found if line.startswith("~") else allowed | found
    return allowed


def confine() -> None:
    allowed = calls()
    families = {FAMILIES[name] for name in setting("RestrictAddressFamilies")[0].split()}
    sockets = Filter(ALLOW)
    for family in set(range(46)) - families:
        sockets.rule(EAFNOSUPPORT, "socket", Compare(0, EQUAL, family, 0))
    sockets.load()
    memory = Filter(ALLOW)
    memory.rule(EPERM, "mmap", Compare(2, MASKED, 6, 6))
    memory.rule(EPERM, "mprotect", Compare(2, MASKED, 4, 4))
    memory.rule(EPERM, "pkey_mprotect", Compare(2, MASKED, 4, 4))
    memory.load()
    if not {"execve", "openat", "epoll_wait"} <= allowed:
        sys.exit("systemd-analyze told no groups of system calls")
    tight = Filter(EPERM)
    for call in sorted(allowed):
        tight.rule(ALLOW, call)
    tight.load()


if __name__ == "__main__":
    confine()
    from monitor.cli.main import main

    main()
