"""A playbook read, checked, and rendered into a notice."""

from monitor.playbook.books import Playbooks
from monitor.playbook.fault import Fault, TemplateFault
from monitor.playbook.plan import Clock, Plan

__all__ = ["Clock", "Fault", "Plan", "Playbooks", "TemplateFault"]
