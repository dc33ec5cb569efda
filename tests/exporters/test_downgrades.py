"""What may be left out of an item, and that it cures what a format cannot say."""

from dataclasses import replace

import pytest

from plotbank.exporters import canvas, common_cartridge, downgrades


def part_keys(item):
    return [part.key for part in item.key.parts]


def test_without_bands_a_near_miss_earns_nothing(make):
    alone = downgrades.without_bands(make.item(key=make.banded()))
    among_parts = downgrades.without_bands(make.item(key=make.parts(make.banded(), make.choice(), make.banded())))

    assert alone == make.item(key=make.numeric())
    assert part_keys(among_parts) == [make.numeric(), make.choice(), make.numeric()]


def test_equal_shares_are_those_of_as_many_parts(make):
    key = make.parts(make.choice(), make.truth(), make.truth(), make.numeric(), shares=(0.4, 0.3, 0.2, 0.1))

    less = downgrades.with_equal_shares(make.item(key=key))

    assert [part.share for part in less.key.parts] == [0.25] * 4
    assert part_keys(less) == [part.key for part in key.parts]


def test_without_comments_single_answers_in_parts_have_no_feedback(make):
    key = make.parts(make.commented(), make.truth(if_true="<p>Yes.</p>"), make.truth(False, if_false="<p>No.</p>"))

    less = downgrades.without_part_comments(make.item(key=key))

    assert [[option.feedback for option in part_keys(less)[0].options]] == [["", "", ""]]
    assert [option.text for option in part_keys(less)[0].options] == ["1.5", "<b>2.5</b>", "4"]
    assert part_keys(less)[1:] == [make.truth(), make.truth(False)]


@pytest.mark.parametrize(("points", "whole"), [(1.5, 2), (2.4, 2), (0.25, 1), (120, 99), (99.4, 99)])
def test_points_are_rounded_to_what_a_cartridge_knows(make, points, whole):
    assert downgrades.with_whole_points(make.item(points=points)).points == whole


@pytest.mark.parametrize("downgrade", [downgrades.BANDS, downgrades.SHARES, downgrades.PART_COMMENTS])
def test_an_item_with_nothing_to_leave_out_is_given_back(make, downgrade):
    keys = [*make.every_key().values(), make.parts(make.numeric(), make.truth(), make.choice())]
    for key in keys:
        item = make.item(key=key)
        assert downgrade.of(item) is item


def test_whole_points_are_given_back(make):
    item = make.item(points=3)

    assert downgrades.with_whole_points(item) is item


def cured(exporter, bank, item):
    less = item
    for downgrade in exporter.downgrades:
        less = downgrade.of(less)
    assert exporter.check(bank, item) != []
    return exporter.check(bank, less) == [] and less


def test_what_canvas_cannot_say_is_cured(make):
    bank = make.bank()
    uneven = make.parts(make.commented(), make.truth(if_false="No."), shares=(0.4, 0.6))

    assert cured(canvas.EXPORTER, bank, make.item(key=make.banded())) == make.item(key=make.numeric())
    assert cured(canvas.EXPORTER, bank, make.item(key=uneven)) == make.item(key=make.parts(make.choice(), make.truth()))


@pytest.mark.parametrize("exporter", [common_cartridge.BLACKBOARD, common_cartridge.BRIGHTSPACE])
def test_points_that_a_cartridge_cannot_say_are_cured(make, exporter):
    item = make.item(of=make.pick, key=make.choice())

    assert cured(exporter, make.bank(), item) == replace(item, points=2)


def test_every_downgrade_has_a_name_of_its_own():
    names = [
        one.name for one in (downgrades.BANDS, downgrades.SHARES, downgrades.PART_COMMENTS, downgrades.WHOLE_POINTS)
    ]

    assert names == ["bands", "shares", "comments", "points"]
