"""An item as HTML: all that a student sees, the key only where it is asked for, and nothing that runs or loads."""

import pytest

from plotbank.proof.delivered import BandDelivered, ChoiceDelivered, Delivered, DeliveredPicture, NumericDelivered
from plotbank.showing import item_html, said, shown

PICTURE = DeliveredPicture(name="p1.png", png=b"PNG", alt="a plot", width=600, height=450)
URI = "data:image/png;base64,UE5H"


def item(key, stem='<p>Which?</p><p><img src="@@PLUGINFILE@@/p1.png" alt="a plot"></p>'):
    return Delivered(
        package="", id="q1", pool="", title="", stem=stem, feedback="<p>Because.</p>", pictures=(PICTURE,), points=1, key=key
    )  # fmt: skip


CHOICE = ChoiceDelivered(options=("0.2", "0.7"), correct=(1,), feedback=("Too low.", ""))


def test_the_key_is_there_only_where_it_is_asked_for():
    asked, answered = (item_html(item(CHOICE), answers=answers) for answers in (False, True))

    assert f'src="{URI}"' in asked
    assert "<li>0.2</li><li>0.7</li>" in asked
    assert not any(word in asked for word in ("right", "Key", "Too low", "Because"))
    assert '<li class="right">0.7 <strong>(right)</strong></li>' in answered
    assert all(word in answered for word in ("Key: <strong>0.7</strong>", "Too low.", "Because."))


def test_a_number_is_said_with_its_bounds():
    band = BandDelivered(low=0.4, high=0.66, share=0.5)
    key = NumericDelivered(value=0.53, low=0.425, high=0.635, bands=(band,))
    assert said(key) == "0.53 (right from 0.425 to 0.635; 50% from 0.4 to 0.66)"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("a<script>alert(1)</script>b", "ab"),
        ('<p onclick="x()" style="color:red">a</p>', "<p>a</p>"),
        ('<a href="http://example.edu">a</a>', "<a>a</a>"),
        ('<img src="http://example.edu/x.png">a', "a"),
        ('<img src="x/other.png">a', "a"),
        ("<!-- key -->a", "a"),
        ("<form><input>a</form>", "a"),
        ("1 &lt; 2 <b>&amp;</b>", "1 &lt; 2 <b>&amp;</b>"),
    ],
)
def test_nothing_runs_and_nothing_loads(text, harmless):
    assert shown(text, [PICTURE]) == harmless
