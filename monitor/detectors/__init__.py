"""The register of detector kinds: the union is what `detector = { kind = … }` may name."""

from monitor.detectors.detector import Detector, Unit
from monitor.detectors.threshold import Threshold

DetectorKind = Threshold

__all__ = ["Detector", "DetectorKind", "Threshold", "Unit"]
