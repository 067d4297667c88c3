"""The yardstick of training on samples: the paper's experiment as PyTorch users write it.

Run with `python benchmarks/torch_replication.py [n m [models [steps]]]`; needs the extra `bench`.
All models of the grid are one batched tensor, W (models, n, m), as in the paper's notebook: fresh
samples (batch, models, n) at each step, einsum, automatic gradients, AdamW with learning rate 1e-3.
Prints the time of a step and what 5,000 of them take.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time

import numpy as np
import torch

BATCH = 1024


def main() -> None:
    """Take some steps and print their time."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    n, m = numbers[:2] or (2, 1)
    models = numbers[2] if len(numbers) > 2 else 25_000
    steps = numbers[3] if len(numbers) > 3 else 5
    torch.manual_seed(0)
    cells = np.stack(np.meshgrid(np.geomspace(1, 0.01, 50), np.geomspace(0.1, 10, 50)), axis=-1)
    density, last = torch.tensor(cells.reshape(-1, 2), dtype=torch.float32).T
    index = torch.arange(models) % len(density)
    density = density[index][:, None]
    importance = torch.ones(models, n)
    importance[:, -1] = last[index]
    W = torch.nn.Parameter(torch.randn(models, n, m) / m**0.5)
    b = torch.nn.Parameter(torch.zeros(models, n))
    optimiser = torch.optim.AdamW([W, b], lr=1e-3)
    seconds = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        x = torch.rand(BATCH, models, n)
        x = torch.where(torch.rand(BATCH, models, n) < density, x, 0.0)
        hidden = torch.einsum("...in,inm->...im", x, W)
        y = torch.relu(torch.einsum("...im,inm->...in", hidden, W) + b)
        loss = (importance * (x - y) ** 2).sum(dim=-1).mean(dim=0)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"n = {n}, m = {m}, {models} models, batch {BATCH}, {torch.get_num_threads()} threads")
    print(f"one step: {step:.3f} s; 5,000 steps: {5000 * step / 3600:.2f} h; peak: {peak:.0f} MB")


if __name__ == "__main__":
    main()
