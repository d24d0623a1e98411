"""The register of detector kinds: the union is what `detector = { kind = … }` may name."""

from monitor.detectors.absence import Absence
from monitor.detectors.change import Change
from monitor.detectors.cusum import Cusum
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.ears import Ears
from monitor.detectors.farrington import Farrington
from monitor.detectors.highest import Highest
from monitor.detectors.new_term import NewTerm
from monitor.detectors.ratio import Ratio
from monitor.detectors.seasonal import Seasonal
from monitor.detectors.serfling import Serfling
from monitor.detectors.share import Share
from monitor.detectors.spread import Spread
from monitor.detectors.target import Target
from monitor.detectors.threshold import Threshold
from monitor.detectors.zscore import Zscore

DetectorKind = (
    Threshold
    | Ratio
    | Change
    | Absence
    | Ears
    | Farrington
    | Seasonal
    | Serfling
    | Cusum
    | Target
    | NewTerm
    | Share
    | Spread
    | Zscore
    | Highest
)

__all__ = [
    "Absence",
    "Asked",
    "Change",
    "Cusum",
    "Detector",
    "DetectorKind",
    "Ears",
    "Farrington",
    "Highest",
    "NewTerm",
    "Ratio",
    "Seasonal",
    "Serfling",
    "Share",
    "Spread",
    "Target",
    "Threshold",
    "Unit",
    "Zscore",
]
