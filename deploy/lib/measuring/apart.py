"""Nodes and generator on processors of their own (`--apart`), so that a figure says what the nodes can do and not who won the fight for
the processors.

All threads of the nodes are bound to one part of the processors, the measurement with all that it starts to the other; threads that are
made later inherit that. In the end everybody may run everywhere again, as before."""

import contextlib
import os
import pathlib

from .report import Unmeasurable

HELP = (
    "bind the nodes to one part of the processors, and the generator with the rest of the measurement to the other: a quarter of them, "
    "and at least one. A node chooses the number of its threads when it starts, by the processors that it may use then: in a running pool "
    "that stays, so event loops and crypto threads for all processors share the nodes' part")


def add_apart(parser):
    parser.add_argument("--apart", action="store_true", help=HELP)


@contextlib.contextmanager
def apart(pool, options):
    """While the `with` block runs, with --apart. Gives remarks for the report: who had which processors."""
    if not options.apart:
        yield []
        return
    nodes, rest = parts(os.sched_getaffinity(0))
    with contextlib.ExitStack() as undoing:
        for pid in pool.pids():
            bind(pid, nodes, undoing)
        bind(os.getpid(), rest, undoing)
        yield [f"Bound apart: nodes to processors {names(nodes)}, generator and measurement to {names(rest)}."]


def parts(processors):
    """Those of the nodes, and those of everybody else."""
    processors = sorted(processors)
    if len(processors) < 2:
        raise Unmeasurable(
            f"--apart needs two processors, and this process may use {len(processors)}",
            "measure without --apart, or on a machine with more; see: nproc --all, taskset -p $$")
    count = max(1, len(processors) // 4)
    return set(processors[:-count]), set(processors[-count:])


def bind(pid, processors, undoing):
    """Binds all threads of a process. `undoing` puts them back, also where this fails halfway."""
    before = {thread: os.sched_getaffinity(thread) for thread in threads(pid)}
    undoing.callback(put_back, pid, before)
    bound = set()
    # A thread may be made meanwhile by one that wasn't bound yet.
    while unbound := [thread for thread in threads(pid) if thread not in bound]:
        for thread in unbound:
            set_processors(thread, processors)
        bound.update(unbound)


def put_back(pid, before):
    try:
        for thread in threads(pid):
            # Threads that were made since are like the first.
            set_processors(thread, before.get(thread, before[pid]))
    except OSError:
        pass  # the process has ended


def threads(pid):
    return [int(folder.name) for folder in pathlib.Path(f"/proc/{pid}/task").iterdir()]


def set_processors(thread, processors):
    try:
        os.sched_setaffinity(thread, processors)
    except ProcessLookupError:
        pass  # this thread has ended
    except PermissionError as error:
        raise Unmeasurable(
            f"thread {thread} of a node can't be bound ({error})", "measure as the user whose pool it is") from error


def names(processors):
    return ", ".join(map(str, sorted(processors)))
