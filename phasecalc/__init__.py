"""Exact phase diagrams of toy models of superposition (Elhage et al. 2022).

The public names are listed in ``__init__.pyi``, one per line; each is imported when it is
first used, so that ``import phasecalc`` costs milliseconds.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
