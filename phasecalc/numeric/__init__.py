"""The numerical half: float64, batched over leading axes."""
