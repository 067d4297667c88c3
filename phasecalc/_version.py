"""The version, read by the build and by ``phasecalc --version``."""

__version__ = "0.1.0"
