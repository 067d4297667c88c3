"""Special points to 30 digits, from the polynomials that the exact half derives."""
