"""numpy, brought in at its first use: a monitor with plain rules alone never pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]
else:

    class _Later:
        """Stands for the module until something of it is asked for; what was asked stays at hand."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _Later()
    Floats = Truths = Any

__all__ = ["Floats", "Truths", "np"]
