"""Parts under a budget, with a format that writes the ids of its items and nothing else."""

from functools import partial

import pytest

from plotbank.exporters.parts import PartedWriter


class Ids:
    """A part that holds so many ids."""

    def __init__(self, most, log, path):
        self.path, self.most, self.log = path, most, log
        self.ids = []

    def add(self, item):
        if len(self.ids) >= self.most and self.ids:
            return False
        self.ids.append(item)
        return True

    def close(self, *, alone):
        self.path.write_text(" ".join(self.ids))
        self.log.append(("closed", self.path.name, alone))

    def abort(self):
        self.log.append(("aborted", self.path.name))


def written(folder, most, ids, log=None):
    log = [] if log is None else log
    with PartedWriter(folder, "quiz", ".txt", partial(Ids, most, log)) as writer:
        for one in ids:
            writer.add(one)
        return writer.close(), log


def test_an_only_part_carries_no_number(tmp_path):
    paths, log = written(tmp_path, 3, "abc")

    assert [(path.name, path.read_text()) for path in paths] == [("quiz.txt", "a b c")]
    assert log == [("closed", "quiz-1.txt", True)]
    assert [path.name for path in tmp_path.iterdir()] == ["quiz.txt"]


def test_what_does_not_fit_begins_the_next_part(tmp_path):
    paths, log = written(tmp_path, 2, "abcde")

    assert [(path.name, path.read_text()) for path in paths] == [
        ("quiz-1.txt", "a b"),
        ("quiz-2.txt", "c d"),
        ("quiz-3.txt", "e"),
    ]
    assert [alone for _, _, alone in log] == [False, False, False]


def test_a_part_takes_one_item_at_least(tmp_path):
    assert [path.read_text() for path in written(tmp_path, 0, "ab")[0]] == ["a", "b"]


def test_a_part_that_refuses_its_first_item_is_a_fault(tmp_path):
    class Full(Ids):
        def add(self, item):
            return False

    with (
        PartedWriter(tmp_path, "quiz", ".txt", partial(Full, 1, [])) as writer,
        pytest.raises(ValueError, match="always fits"),
    ):
        writer.add("a")


def test_a_bank_without_items_has_no_parts(tmp_path):
    assert written(tmp_path, 1, "") == ([], [])


def test_what_is_interrupted_is_let_go(tmp_path):
    log = []

    def interrupted():
        yield from "ab"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, 1, interrupted(), log)
    assert log == [("closed", "quiz-1.txt", False), ("aborted", "quiz-2.txt")]
