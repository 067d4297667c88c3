"""Branches of minima over a plane of two symbols: what a source of minima offers."""
