"""One planted fault in a package of QTI 1.2 gives the finding it should; good packages give none."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from plotbank.proof import Finding, Unreadable
from plotbank.proof.qti12_rules import check_qti12

from .qti12_samples import MANIFEST, PICTURES, QUESTIONS, cartridge, pure_bank, pure_test

Zipped = Callable[[Mapping[str, bytes]], Path]

SHOWN = f"images/{PICTURES['f']}"


def found(path: Path) -> list[Finding]:
    return list(check_qti12(path, "qti12/intro-1.zip"))


def changed(
    files: Mapping[str, bytes], old: str, new: str, behind: str = "", file: str = QUESTIONS
) -> dict[str, bytes]:
    """A package with the first of the old words of a file, somewhere behind others, replaced."""
    before, begin, after = files[file].decode().partition(behind) if behind else ("", "", files[file].decode())
    assert old in after
    return {**files, file: (before + begin + after.replace(old, new, 1)).encode()}


def test_good_packages_have_no_findings(png: bytes, zipped: Zipped) -> None:
    for files in (pure_test(png), pure_bank(png), cartridge("1.1", png), cartridge("1.3", png)):
        assert found(zipped(files)) == []


FEEDBACK = '<itemfeedback ident="general_fb">'
SCORED = '<varequal respident="r">c3</varequal>'
EITHER = f'<or>{SCORED}<varequal respident="r">c2</varequal></or>'


@pytest.mark.parametrize(
    ("item", "old", "new", "message"),
    [
        ("mean", ' title="Question mean"', "", "the item has no title"),
        ("mean", "&lt;p&gt;The mean?&lt;/p&gt;", "<p>The mean?</p>", "holds XML elements instead of escaped HTML"),
        ("mean", "</material>", '<matimage uri="a.png"/></material>', "a picture stands in a <matimage>"),
        ("mean", 'texttype="text/html"', 'texttype="text/plain"', "is not marked text/html"),
        ("mean", "Said general_fb.", "&lt;img src='https://a.org/a.png'&gt;", "'https://a.org/a.png', not inside"),
        ("mean", "Said general_fb.", "&lt;img src='data:image/png;base64,AA'&gt;", "not inside the package"),
        ("mean", FEEDBACK, f"{FEEDBACK.replace('>', '/>')}{FEEDBACK}", "the feedback general_fb stands 2 times"),
        ("mean", ' linkrefid="general_fb"', ' linkrefid="other_fb"', "links 'other_fb', which does not exist"),
        ("mean", ' linkrefid="general_fb"', ' linkrefid="other_fb"', "links the feedback general_fb: it is never"),
        ("mean", ">0.645<", ">0.6<", "the bounds 0.6 and 0.755 are not equally far from the key 0.7"),
        ("mean", ">0.595<", ">0.5<", "the bounds 0.5 and 0.805 are not equally far from the key 0.7"),
        ("mean", ">2</fieldentry>", ">0</fieldentry>", "the item counts nothing"),
        ("mean", ">2</fieldentry>", ">two</fieldentry>", "points_possible is 'two'"),
        ("mean", ' maxvalue="100"', "", "SCORE has no maxvalue"),
        ("pairs", ">2</fieldentry>", ">3</fieldentry>", "SCORE goes up to 2, which is neither 100 percent nor"),
        ("choose", SCORED, EITHER, "2 options earn full marks instead of one"),
        ("choose", SCORED, SCORED.replace("c3", "c9"), "asks for 'c9', which cannot be chosen in the response 'r'"),
        ("choose", ">A</mattext>", "> </mattext>", "the option 'c1' says nothing"),
        ("choose", ">A</mattext>", ">B</mattext>", "two options are alike"),
        (
            "several",
            f"<not>{SCORED.replace('c3', 'c2')}</not>",
            SCORED.replace("c3", "c2"),
            "the options are all right",
        ),
        ("pairs", ">m1</varequal>", ">m2</varequal>", "an answer belongs to two prompts"),
        ("pairs", "Plot B", "", "a prompt says nothing"),
        ("parts", ">b</mattext>", ">a</mattext>", "part 2: two options are alike"),
    ],
)
def test_finding(png: bytes, zipped: Zipped, item: str, old: str, new: str, message: str) -> None:
    findings = found(zipped(changed(pure_test(png), old, new, f'<item ident="{item}"')))

    assert any(message in finding.message for finding in findings), findings
    assert {finding.item for finding in findings} == {item}


def test_the_bounds_of_a_part_are_looked_at_too(png: bytes, zipped: Zipped) -> None:
    files = pure_test(png)
    (finding,) = found(zipped({**files, QUESTIONS: files[QUESTIONS].replace(b">11.5<", b">11<")}))

    assert finding.item == "parts"
    assert finding.message == "part 1: the bounds 11.0 and 12.5 are not equally far from the key 12.0"


def test_a_finding_names_the_package_and_the_item(png: bytes, zipped: Zipped) -> None:
    files = changed(pure_test(png), ">100</setvar>", ">90</setvar>", '<item ident="choose"')

    assert found(zipped(files)) == [
        Finding(package="qti12/intro-1.zip", item="choose", message="right answers earn 90 of 100")
    ]


ONE_OF_THEM = "<selection_number>1</selection_number>"
LISTED = f'<file href="{SHOWN}"/>'


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (QUESTIONS, 'item ident="mean"', 'item ident="1mean"', "the ident '1mean' of <item> is not a letter"),
        (QUESTIONS, 'item ident="mean"', 'item ident="me:an"', "the ident 'me:an' of <item> is not a letter"),
        (QUESTIONS, 'item ident="mean"', 'item ident="choose"', "the ident 'choose' of <item> stands twice"),
        (QUESTIONS, 'section ident="s_mean"', 'section ident="s mean"', "the ident 's mean' of <section>"),
        (QUESTIONS, ONE_OF_THEM, ONE_OF_THEM.replace("1", "2"), "'Pool mean' does not draw exactly one of its items"),
        (QUESTIONS, ONE_OF_THEM, "", "'Pool mean' does not draw exactly one of its items"),
        (MANIFEST, LISTED, LISTED * 2, f"the manifest lists {SHOWN} 2 times"),
        (MANIFEST, LISTED, LISTED + '<file href="a.png"/>', "the manifest lists a.png, which the zip does not hold"),
        (MANIFEST, 'resource identifier="p1"', 'resource identifier="p0"', "the identifier 'p0' to 2 resources"),
        (MANIFEST, '<dependency identifierref="p5"/>', "", f"shows {SHOWN}, but its resource does not depend on"),
        (MANIFEST, "IMS Content", "QTI", "does not declare the schema IMS Content 1.1.3"),
        (MANIFEST, "1.1.3", "1.2", "does not declare the schema IMS Content 1.1.3"),
    ],
)
def test_a_finding_about_the_whole(png: bytes, zipped: Zipped, file: str, old: str, new: str, message: str) -> None:
    findings = found(zipped(changed(pure_test(png), old, new, file=file)))

    assert any(message in finding.message for finding in findings), findings


def test_files_have_their_lines_and_their_uses(png: bytes, zipped: Zipped) -> None:
    files = pure_test(png)
    unlisted = changed(files, LISTED, "", file=MANIFEST)
    other = changed(files, LISTED, f'{LISTED}<file href="images/a b.png"/>', file=MANIFEST)
    unused = changed(files, LISTED, f'{LISTED}<file href="images/other.png"/>', file=MANIFEST)

    assert f"{SHOWN} is not in the manifest: an importer may not find it" in [
        finding.message for finding in found(zipped(unlisted))
    ]
    assert [finding.message for finding in found(zipped({**files, "litter.txt": b""}))] == [
        "litter.txt is not in the manifest: an importer may not find it"
    ]
    assert "is no PNG with a name of plain letters" in found(zipped({**other, "images/a b.png": png}))[0].message
    assert found(zipped({**unused, "images/other.png": png}))[0].message == "images/other.png is shown by no item"
    assert any("it is not a PNG" in one.message for one in found(zipped({**files, SHOWN: b"GIF89a"})))


def test_a_file_without_items_is_said(png: bytes, zipped: Zipped) -> None:
    files = {**pure_bank(png), QUESTIONS: b'<questestinterop><objectbank ident="bank"/></questestinterop>'}

    assert f"{QUESTIONS} holds no item" in [finding.message for finding in found(zipped(files))]


PROFILE = "cc.multiple_choice.v0p1"
WEIGHT = "<fieldentry>2</fieldentry>"
LAST_OPTION = "</response_label></render_choice>"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (QUESTIONS, PROFILE, "cc.true_false.v0p1", "cc_profile is 'cc.true_false.v0p1', but the question is one of"),
        (QUESTIONS, "cc_profile", "profile", "cc_profile is '', but the question is one of cc.multiple_choice.v0p1"),
        (QUESTIONS, WEIGHT, WEIGHT.replace("2", "1.5"), "the item counts 1.5, but cc_weighting is a whole number"),
        (QUESTIONS, WEIGHT, WEIGHT.replace("2", "100"), "the item counts 100, but cc_weighting is a whole number"),
        (QUESTIONS, "$IMS-CC-FILEBASE$/images", "images", "not inside the package"),
        (MANIFEST, "1.1.0", "1.0.0", "does not declare the schema IMS Common Cartridge 1.1.0"),
        (MANIFEST, "imscc_xmlv1p1/", "imscc_xmlv1p2/", "of Common Cartridge 1.2, which is neither 1.1 nor 1.3"),
    ],
)
def test_a_finding_of_common_cartridge(png: bytes, zipped: Zipped, file: str, old: str, new: str, message: str) -> None:
    findings = found(zipped(changed(cartridge("1.1", png), old, new, file=file)))

    assert any(message in finding.message for finding in findings), findings


def test_a_choice_of_common_cartridge_1_1_has_three_options(png: bytes, zipped: Zipped) -> None:
    def of_two(version: str) -> list[Finding]:
        files = cartridge(version, png)
        begin = files[QUESTIONS].index(b'<response_label ident="c2">')
        end = files[QUESTIONS].index(b'<response_label ident="c3">')
        return found(zipped({**files, QUESTIONS: files[QUESTIONS][:begin] + files[QUESTIONS][end:]}))

    assert [finding.message for finding in of_two("1.1")] == ["a choice in Common Cartridge 1.1 has at least 3 options"]
    assert of_two("1.3") == []


def test_common_cartridge_has_no_numbers(png: bytes, zipped: Zipped) -> None:
    files = cartridge("1.3", png)
    mean = pure_test(png)[QUESTIONS].partition(b'<item ident="mean"')[2].partition(b"</item>")[0]
    item = b'<item ident="mean"' + mean.replace(b"images/", b"$IMS-CC-FILEBASE$/images/") + b"</item>"
    questions = files[QUESTIONS].replace(b"</objectbank>", item + b"</objectbank>")
    name = f"images/{PICTURES['a']}"
    manifest = changed(files, LISTED, f'{LISTED}<file href="{name}"/>', file=MANIFEST)[MANIFEST]
    (finding,) = found(zipped({**files, QUESTIONS: questions, MANIFEST: manifest, name: png}))

    assert finding.item == "mean"
    assert "Common Cartridge has no question of this type" in finding.message


def test_a_damaged_package_is_refused(png: bytes, zipped: Zipped) -> None:
    files = pure_test(png)

    with pytest.raises(Unreadable, match="DOCTYPE"):
        found(zipped(changed(files, "<questestinterop", "<!DOCTYPE questestinterop><questestinterop")))
    with pytest.raises(Unreadable, match="leads out of the folder"):
        found(zipped({**files, "../evil.png": png}))
    with pytest.raises(Unreadable, match="no questions of QTI 1.2"):
        found(zipped(changed(files, '"imsqti_xmlv1p2"', '"webcontent"', file=MANIFEST)))
