"""What a line of a certificate says. The checker has its own copy of the numbers."""

from __future__ import annotations

DOMAIN_LOW, DOMAIN_HIGH = 1, 2
"""b_j below −Σ (G_ji)_+ is off; above μ − μ Σ G_ji its output is too large on average."""
SLOPE_LOW, SLOPE_HIGH = 3, 4
"""∂L/∂b_j has one sign on the end of the box that is cut off."""
EMPTY, SYMMETRY, LENGTH, ROW, VALUE, SLOPE, CONVEX, SECANT = range(10, 18)
SPLIT = 20
