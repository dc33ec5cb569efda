"""Work in processes of its own has the results of work done here, and survives their death."""

import os

from plotbank.processes import later, usable, workers


def test_work_is_done_here_where_one_process_is_enough():
    with workers(1) as pool:
        assert pool is None
        assert later(pool, os.getpid)() == os.getpid()


def test_work_is_done_elsewhere_with_one_thread_each():
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    with workers(2) as pool:
        results = [later(pool, os.getenv, "OPENBLAS_NUM_THREADS"), later(pool, pow, 2, exp=10), later(pool, os.getpid)]
        threads, power, elsewhere = (result() for result in results)

    assert (threads, power) == ("1", 1024)
    assert elsewhere != os.getpid()
    assert os.environ.get("OPENBLAS_NUM_THREADS") == before


def die_elsewhere(home):
    if os.getpid() != home:
        os._exit(1)
    return "done"


def test_what_died_elsewhere_is_done_here():
    with workers(2) as pool:
        first = later(pool, die_elsewhere, os.getpid())
        assert first() == "done"
        assert later(pool, die_elsewhere, os.getpid())() == "done"


def test_there_is_a_processor():
    assert usable() >= 1
