"""What a measurement says: figures with their range, a table, verdicts; for people and for scripts."""

import dataclasses
import json
import os
import platform
import re
import statistics
import sys


class Unmeasurable(Exception):
    """A measurement that can't be made: why, and what to do about it."""

    def __init__(self, cause, cure):
        super().__init__(cause)
        self.cure = cure


def note(text):
    """Progress: on standard error, so that standard output holds nothing but the result."""
    print(text, file=sys.stderr, flush=True)


class Figure:
    """One figure of each round. The median counts; the range says how far this machine is to be trusted."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def __str__(self):
        if len(self.values) == 1:
            return short(self.median)
        return f"{short(self.median)} ({short(min(self.values))} to {short(max(self.values))})"

    def json(self):
        return {"median": self.median, "range": [min(self.values), max(self.values)], "rounds": self.values}


def short(number):
    """Three digits, or all before the point."""
    if number is None:
        return "-"
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}" if abs(number) >= 0.01 else f"{number:.2g}"


def ratios(rounds, references):
    """Each round by the mean of the references before and after it: of those there is one more."""
    return Figure(one / ((before + after) / 2) for one, before, after in zip(rounds, references, references[1:]))


@dataclasses.dataclass
class Verdict:
    """Whether a figure keeps to its limit. `figure` is a Figure or a number."""

    what: str
    figure: object
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self):
        value = self.figure.median if isinstance(self.figure, Figure) else self.figure
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self):
        figure = str(self.figure) if isinstance(self.figure, Figure) else short(self.figure)
        bound = f"{'at least' if self.at_least else 'at most'} {short(self.limit)}"
        return f"{'met   ' if self.is_met else 'MISSED'} {self.what}: {figure}{' ' + self.unit if self.unit else ''}, {bound}"

    def json(self):
        return {"what": self.what, "figure": plain(self.figure), "unit": self.unit, "limit": self.limit,
                "is": "at least" if self.at_least else "at most", "met": self.is_met}


@dataclasses.dataclass
class Report:
    """`columns` are names of members of the rows, each with its title; a row may have more members, which only JSON shows."""

    columns: dict
    rows: list = dataclasses.field(default_factory=list)
    verdicts: list = dataclasses.field(default_factory=list)
    remarks: list = dataclasses.field(default_factory=list)

    def show(self, name, as_json):
        if as_json:
            print(json.dumps({
                "measurement": name, "machine": machine(), "rows": plain(self.rows),
                "verdicts": [verdict.json() for verdict in self.verdicts], "remarks": self.remarks,
            }, indent=2))
            return
        cells = [list(self.columns.values())] + [[cell(row.get(key)) for key in self.columns] for row in self.rows]
        widths = [max(len(line[column]) for line in cells) for column in range(len(self.columns))]
        for line in cells:
            first, *others = (text.ljust(width) if not place else text.rjust(width)
                              for place, (text, width) in enumerate(zip(line, widths)))
            print("  ".join([first, *others]).rstrip())
        for block in (self.verdicts, self.remarks):
            print(*["", *block] if block else [], sep="\n", end="\n" if block else "")


def cell(value):
    return short(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else "-" if value is None else str(value)


def plain(value):
    """The same as JSON has it."""
    if isinstance(value, Figure):
        return value.json()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return {"processors": os.cpu_count(), "model": model.group(1) if model else platform.machine(), "kernel": platform.release()}
