"""Derivations of the library's formulas as values: claims, reasons, and checks that are run."""
