"""Work done in processes of its own, where there are several processors and enough to do."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def usable() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(count: int) -> Iterator[Executor | None]:
    """So many processes to do work, or None where one is enough: the work is done here then.

    They are started anew and not forked: a progress bar runs threads here, whose locks a fork would copy.  Each has one
    thread for linear algebra, or they would be in each other's way.
    """
    if count < 2:
        yield None
        return
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupts)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def later(pool: Executor | None, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Callable[[], T]:
    """Begin some work, and return what waits for its result.  Where a process died, the work is done here."""
    here = partial(work, *given, **named)
    if pool is None:
        return here
    try:
        future = pool.submit(work, *given, **named)
    except BrokenExecutor:
        return here

    def result() -> T:
        try:
            return future.result()
        except BrokenExecutor:
            return here()

    return result


def _ignore_interrupts() -> None:
    """Ctrl-C reaches all processes; the one that started the others ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
