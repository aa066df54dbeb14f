"""`python -m benchmarks`: how long the large game takes, with its certificate."""

from __future__ import annotations

import time

from benchmarks.synthetic import scenario
from mistrust.model import Model
from mistrust.scenario.read import read_data
from mistrust.scenario.text import Source


def main() -> None:
    """Solve the large game three times and print each time."""
    model = Model(read_data(scenario(), Source("synthetic", "")))
    print(f"{model.size.states:,} boards, {model.size.phases} phases, {model.size.turns} turns")
    for attempt in range(3):
        begun = time.perf_counter()
        solved = model.solve()
        taken = time.perf_counter() - begun
        note = " (kernels compiled or loaded)" if attempt == 0 else ""
        worst = float(solved.certificate.duality.max())
        print(f"solved both ways in {taken:.2f} s, duality {worst:.1e}{note}")


if __name__ == "__main__":
    main()
