"""The attacks by name, and their table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import api, commands, exact, faults, newer, threads
from .report import Attack, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attack")
    parser.add_argument("names", nargs="*", help="attacks; by default all")
    parser.add_argument("--lines", type=int, default=2000, help="command lines")
    parser.add_argument("--seconds", type=float, help="stop the command lines after so long")
    parser.add_argument(
        "--inputs",
        type=int,
        default=300,
        help="of each other kind: arrays, entries, diagrams, arguments, damaged files",
    )
    parser.add_argument("--kills", type=int, default=3, help="in each of train, trace and derive")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    attacks: dict[str, Callable[[], list[Attack]]] = {
        "commands": lambda: [commands.attack(given.lines, given.seed, given.seconds)],
        "arrays": lambda: api.attack(given.inputs, given.seed),
        "algebraic": lambda: [exact.attack_algebraic(given.inputs, given.seed)],
        "candidates": lambda: [exact.attack_candidates(given.inputs, given.seed, roots=False)],
        "candidates-roots": lambda: [exact.attack_candidates(given.inputs, given.seed, roots=True)],
        "newer": lambda: newer.attack(given.inputs, given.seed),
        "damage": lambda: [faults.attack_damage(given.inputs, given.seed)],
        "records": lambda: [threads.attack_records()],
        "threads": lambda: [threads.attack_threads(8, given.seed)],
        "forks": lambda: [threads.attack_forks(4)],
        "streams": lambda: [faults.attack_streams()],
        "disk": lambda: [faults.attack_disk(given.seed)],
        "kill-train": lambda: [faults.attack_kill("train", given.kills, given.seed)],
        "kill-derive": lambda: [faults.attack_kill("derive", given.kills, given.seed)],
        "kill-trace": lambda: [faults.attack_kill("trace", given.kills, given.seed)],
    }
    unknown = set(given.names) - set(attacks)
    if unknown:
        parser.error(f"no attack {', '.join(sorted(unknown))}; there are {', '.join(attacks)}")
    found: list[Attack] = []
    for name, attack in attacks.items():
        if not given.names or name in given.names:
            made = attack()
            found += made
            # At once: a long round that is stopped has still said what it found.
            print(table(made), flush=True)
            for each in made:
                for failure in each.failures[:50]:
                    print(f"{each.name}: {failure}", flush=True)
    if len(found) > 1:
        print(f"\n{table(found)}")
    sys.exit(any(each.failures for each in found))


if __name__ == "__main__":
    main()
