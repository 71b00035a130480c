"""``make bench``: each stage on both runtimes and bare, the whole warm drill, and the harness tax.

The harness tax is the time of the whole drill divided by the time of the same restore without scenarios,
checks, journal and evidence (bench/bare.py). Compare ratios within one run; the seconds are this machine's.
The evidence of a made-up drill of 1,000 scenarios is rendered and sealed at the end (bench/evidence.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bench import evidence, plot, tables
from bench.drills import RUNTIMES, Drill, drill, take_set, unavailable
from bench.results import Measured, all_verified
from bench.sandboxed import RUNTIME, restore_bare

SIZES = ["small", "default"]
VAR = Path("var/bench").absolute()
console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)


def main() -> int:
    """Take the sets, run the drills and the bare restores, print the tables, draw the pictures."""
    asked = _arguments()
    sizes, scenarios = [asked.size] if asked.size else SIZES, evidence.SCENARIOS
    if asked.smoke:
        sizes, scenarios = SIZES[:1], evidence.SMOKE_SCENARIOS
    runtimes = available(every=asked.every_runtime)
    everything = [_measure(size, runtimes, repeat=1 if asked.smoke else asked.repeat) for size in sizes]
    for measured in everything:
        console.print(f"all of {measured.drilled}")
        console.print(tables.stages(measured))
        console.print(f"as a picture: {plot.draw(measured, VAR / f'{measured.size}.svg')}")
    console.print(tables.summary(everything))
    evidence.show(evidence.measure(scenarios), scenarios, console)
    return 0 if all_verified(everything) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="the small set once, to see that the benchmark runs"
    )
    parser.add_argument(
        "--repeat", type=_times, default=3, metavar="N", help="how often each is run; medians are shown"
    )
    parser.add_argument("--size", choices=SIZES, help="this set alone")
    parser.add_argument(
        "--every-runtime", action="store_true", help="fail where a runtime would have to be left out"
    )
    return parser.parse_args()


def _times(text: str) -> int:
    if (times := int(text)) < 1:
        raise argparse.ArgumentTypeError("once is the least that can be measured")
    return times


def available(*, every: bool) -> list[str]:
    """The runtimes that this machine has; each that it lacks is left out with the reason.

    Raises SystemExit if none is left, or if one is missing and ``every`` one was asked for.
    """
    found = []
    for runtime in RUNTIMES:
        if reason := unavailable(runtime):
            if every:
                raise SystemExit(f"{runtime} is missing: {reason}")
            console.print(f"{runtime} is left out: {reason}", markup=False)
        else:
            found.append(runtime)
    if not found:
        raise SystemExit("no runtime is available here: `restoreproof doctor` says what to change")
    return found


def _measure(size: str, runtimes: list[str], *, repeat: int) -> Measured:
    var = VAR / size
    take_set(var, size)
    console.print(f"{size} set: {', '.join(runtimes)} and the bare restore, {repeat} × each")
    drills: dict[str, list[Drill]] = {runtime: [] for runtime in runtimes}
    bare: list[dict[str, float]] = []
    # In turns, so that a machine that slows down meanwhile slows all of them.
    for _ in range(repeat):
        for runtime in runtimes:
            drills[runtime].append(drill(var, runtime, VAR / "reports"))
        bare.append(restore_bare(var))
    return Measured(size, {runtime: tuple(run) for runtime, run in drills.items()}, tuple(bare), RUNTIME)


if __name__ == "__main__":
    sys.exit(main())
