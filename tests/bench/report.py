# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a run prints: one a figure, each beside the figure that it is compared with."""

import statistics


def number(value):
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"


def line(name, values, unit, baseline, others):
    """`values` and `others` are what the rounds measured; the lines show medians, and the spread of
    `values`. `baseline` says what the others are: another program of the same run, or "promise"."""
    value, other = statistics.median(values), statistics.median(others)
    ratio = value / other if other else (1 if value == other else float("inf"))
    print(f"{name} {number(value)} {unit} {baseline} {number(other)} ratio {ratio:.3f} "
          f"spread {number(min(values))}..{number(max(values))}", flush=True)


class Runs:
    """What was measured of one program, round by round."""

    def __init__(self):
        self.rounds = []

    def add(self, figures):
        self.rounds.append(figures)

    def __getitem__(self, figure):
        return [figures[figure] for figures in self.rounds]


def compare(name, figure, unit, runs, baselines, promise=None):
    """The lines of one figure of `runs`: beside each of the baselines, and beside what is promised."""
    for baseline, others in baselines.items():
        line(name, runs[figure], unit, baseline, others[figure])
    if promise is not None:
        line(name, runs[figure], unit, "promise", [promise])
