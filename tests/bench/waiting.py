# SPDX-License-Identifier: GPL-3.0-or-later
"""People who take their time: what ten thousand of them cost, and what others notice of it."""

import resource

import programs
from report import Runs, compare

WANTED = 10000
OTHERS = 500  # descriptors besides those of the people who wait


def most():
    """How many can wait here: each needs a descriptor in the load and one in what is measured."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < WANTED + OTHERS:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (WANTED + OTHERS, WANTED + OTHERS))
        except (ValueError, PermissionError):
            print(f"# ulimit -Hn is {hard}: fewer than {WANTED} can wait", flush=True)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return hard - OTHERS
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, WANTED + OTHERS), hard))
    return WANTED


def run(rounds):
    count = most()
    ours, baselines = Runs(), {"thread-per-request": Runs(), "go-net-http": Runs()}
    starts = {"thread-per-request": programs.thread_per_request, "go-net-http": programs.go}
    for _ in range(rounds):
        ours.add({"held": count, **programs.load(programs.daemon, "waiting", count)})
        for name in list(baselines):
            try:
                baselines[name].add(
                    {"held": count, **programs.load(starts[name], "waiting", count)})
            except AssertionError as failure:  # so many threads are not allowed everywhere
                print(f"# {name} cannot hold {count} here: {failure}".splitlines()[0], flush=True)
                del baselines[name]
    compare("waiting.held", "held", "requests", ours, baselines, promise=10000)
    compare("waiting.memory", "memory", "MiB", ours, baselines, promise=16)
    compare("waiting.threads", "threads", "threads", ours, baselines, promise=0)
    compare("waiting.unrelated-p50", "unrelated-p50", "us", ours, baselines)
    compare("waiting.unrelated-p99", "unrelated-p99", "us", ours, baselines, promise=10000)
    compare("waiting.unrelated-while-arriving-p99", "arriving-p99", "us", ours, baselines)
    compare("waiting.answer-p50", "answer-p50", "us", ours, baselines, promise=100)
    compare("waiting.answer-p99", "answer-p99", "us", ours, baselines, promise=1000)
    compare("waiting.all-answered", "all-answered", "s", ours, baselines)
