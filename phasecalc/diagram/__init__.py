"""Which phase wins where."""
