"""The register of detector kinds: the union is what `detector = { kind = … }` may name."""

from monitor.detectors.absence import Absence
from monitor.detectors.change import Change
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.ears import Ears
from monitor.detectors.farrington import Farrington
from monitor.detectors.ratio import Ratio
from monitor.detectors.seasonal import Seasonal
from monitor.detectors.threshold import Threshold

DetectorKind = Threshold | Ratio | Change | Absence | Ears | Farrington | Seasonal

__all__ = [
    "Absence",
    "Asked",
    "Change",
    "Detector",
    "DetectorKind",
    "Ears",
    "Farrington",
    "Ratio",
    "Seasonal",
    "Threshold",
    "Unit",
]
