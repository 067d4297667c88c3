"""The exact half: SymPy and rationals in, SymPy and rationals out; no float ever enters."""
