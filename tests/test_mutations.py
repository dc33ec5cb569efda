"""Every kind of fault that a builder could make is found by verify, and nothing else is."""

import re

import pytest

from plotbank.proof import Finding
from plotbank.verify import verify

from .conftest import packages
from .mutations.drafts import draft_of, only, seal
from .mutations.faults import FAULTS, FORMATS, Fault
from .mutations.redrawing import redrawn
from .mutations.trials import judged, remembered_readings, tried

IN_BANKS = {name: fault for name, fault in FAULTS.items() if fault.bank != "ringed"}  # which no other test needs


@pytest.fixture(scope="session")
def drafts(every_bank, accommodating_bank, example_bank):
    """The good banks, by name."""
    banks = {"every": every_bank, "accommodating": accommodating_bank, "example": example_bank}
    return {name: draft_of(bank) for name, bank in banks.items()}


@pytest.fixture(scope="module", autouse=True)
def _remembered():
    with remembered_readings():
        yield


def format_of(fault):
    """Each fault is planted in one format, and another fault in another one: `python -m tests.mutations` plants all of
    them in every format, which takes five times as long."""
    possible = fault.formats_among(FORMATS)
    return (possible[list(FAULTS).index(fault.name) % len(possible)],)


@pytest.mark.parametrize("name", IN_BANKS)
def test_a_fault_is_found(drafts, tmp_path, name):
    fault = FAULTS[name]
    trial = tried(fault, drafts[fault.bank], tmp_path / "bank", format_of(fault))

    assert trial.formats
    assert trial.missed == (), [finding.message for finding in trial.others]
    assert trial.beside == ()


def test_without_a_fault_the_same_bank_is_written_again(drafts, every_bank, tmp_path):
    """What the faults are told from: taking a bank apart and writing it again is not itself found wrong."""
    draft = only(drafts["every"], ())
    draft.write(tmp_path / "bank", ["moodle"])
    seal(tmp_path / "bank")

    assert packages(tmp_path / "bank") == packages(every_bank)
    assert verify(tmp_path / "bank").findings == ()


@pytest.mark.parametrize("question", ["slope", "medians", "bars"])
def test_without_a_change_the_same_picture_is_drawn_again(drafts, question):
    draft = only(drafts["every"], (question,))
    for item in draft.items:
        for picture, plot in zip(item.every_picture, draft.record(item)["plots"], strict=True):
            assert redrawn(plot) == picture.png


def finding(package, item, message):
    return Finding(package=package, item=item, message=message)


def test_a_trial_asks_for_the_right_finding_in_the_right_place():
    mine, other = "q1_0123456789abcdef", "q1_fedcba9876543210"
    fault = Fault(
        name="x", about="", plant=print, stage="", questions=(), finding="the key is", formats=FORMATS, bank="every"
    )
    found = judged(
        fault,
        [
            finding("moodle/a.xml", f"a-{mine}", "the key is 1"),
            finding("canvas/a.zip", f"a_{mine}", "the picture is bad"),
            finding("qti21/a.zip", f"a-{other}", "the key is 2"),
        ],
        {mine},
        ("moodle", "canvas", "qti21"),
    )

    assert found.missed == ("canvas", "qti21")
    assert [one.item for one in found.beside] == [f"a-{other}"]
    assert [one.message for one in found.others] == ["the picture is bad"]
    assert not found.caught


def test_a_finding_about_the_whole_bank_counts_for_every_format():
    fault = FAULTS["item_missing"]
    found = judged(fault, [finding("", "", "5 items were found, but 6 were built")], set(), ("moodle", "canvas"))

    assert found.caught


def test_faults_are_of_many_kinds_and_say_what_they_are():
    assert len(FAULTS) >= 100
    assert {form for fault in FAULTS.values() for form in fault.formats} == set(FORMATS)
    assert all(re.compile(fault.finding) and fault.about for fault in FAULTS.values())
