"""Lines through a diagram: the lowest loss and all branches of minima along them."""
