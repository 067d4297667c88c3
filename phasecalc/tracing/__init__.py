"""Diagrams of optimised weights, followed as curves: above the numerical half, below the report."""
