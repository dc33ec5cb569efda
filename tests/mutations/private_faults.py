"""What `private/` says wrongly, so that nobody could prove a mark by it."""

from hashlib import sha256

from .drafts import KEYS, PLOTS, PRIVATE
from .faults import afterwards, in_draft
from .package_faults import CHANGED

ONE = {"formats": ("moodle",)}


@in_draft("bars", finding=r"private/answer_key.csv says", **ONE)
def rows_of_the_answer_key_swapped(draft):
    one, other = (draft.row(item) for item in draft.items[:2])
    one["key"], other["key"] = other["key"], one["key"]


@in_draft("bars", finding=r"private/answer_key.csv says", **ONE)
def key_in_the_answer_key_changed(draft):
    row = draft.row(draft.first)
    row["key"] = f"{int(row['key']) + 1}"


@in_draft("bars", finding=r"private/answer_key.csv says nothing|variants are not those", **ONE)
def row_of_the_answer_key_missing(draft):
    draft.rows.remove(draft.row(draft.first))


@in_draft("slope", finding=r"a point of the picture lies", **ONE)
def value_in_the_data_changed(draft):
    item = draft.first
    plot = draft.record(item)["plots"][0]
    plot["values"][0][1] += 0.01 * (plot["y"]["high"] - plot["y"]["low"])


@in_draft("slope", finding=r"points, but the data have", **ONE)
def value_in_the_data_missing(draft):
    draft.record(draft.first)["plots"][0]["values"].pop()


@in_draft("bars", finding=r"bar", **ONE)
def values_of_two_students_swapped(draft):
    one, other = (draft.record(item)["plots"][0] for item in draft.items[:2])
    one["values"], other["values"] = other["values"], one["values"]


@in_draft("choose", finding=r"(?i)axis|label|point|r =|" + r"the picture shows", **ONE)
def ends_of_an_axis_changed(draft):
    """In the data of the plot alone: the picture has the numbers that it had."""
    axis = draft.record(draft.first)["plots"][0]["x"]
    axis["high"] += (axis["high"] - axis["low"]) / 10


@in_draft("choose", finding=r"not those that were built", **ONE)
def hash_of_a_picture_changed(draft):
    draft.record(draft.first)["plots"][0]["picture"] = sha256(b"").hexdigest()


@in_draft("slope", finding=r"but the picture shows", **ONE)
def template_in_the_evidence_changed(draft):
    """The template asks for something else, and its hash is made again."""
    template = edited(draft, lambda source: source.replace('\nkey = "', '\nkey = "1.05 * ', 1))
    template["sha256"] = sha256(template["source"].encode()).hexdigest()


@in_draft("slope", finding=r"template", **ONE)
def template_in_the_evidence_is_not_that_of_its_hash(draft):
    """Only the words of its feedback changed."""
    edited(draft, lambda source: source.replace("two points", "three points"))


def edited(draft, change):
    (template,) = draft.evidence["questions"]["slope"]["templates"]
    source, template["source"] = template["source"], change(template["source"])
    assert template["source"] != source, source
    draft.touched.update(item.id for item in draft.items)
    return template


@in_draft("slope", finding=r"lacks the template", **ONE)
def template_missing_in_the_evidence(draft):
    draft.evidence["questions"]["slope"]["templates"] = []


@afterwards("choose", finding=CHANGED, **ONE)
def answer_key_edited_afterwards(written):
    """Two students' names change places, so that each would be marked by the other's key."""
    path = private_of(written, KEYS)
    head, one, other, *rest = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    mine, yours = one.split(",", 3), other.split(",", 3)
    swapped = ",".join([*yours[:3], mine[3]]) + ",".join([*mine[:3], yours[3]])
    path.write_text(head + swapped + "".join(rest), encoding="utf-8-sig")


@afterwards("choose", finding=CHANGED, **ONE)
def data_edited_afterwards(written):
    """Nothing but a space at the end of the last line."""
    path = private_of(written, PLOTS)
    path.write_bytes(path.read_bytes()[:-1] + b" \n")


@afterwards("choose", finding=r"private/plots.jsonl is missing", **ONE)
def data_missing(written):
    private_of(written, PLOTS).unlink()


@afterwards("choose", finding=r"private/plots.jsonl cannot be used", **ONE)
def data_half_copied(written):
    path = private_of(written, PLOTS)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def private_of(written, name):
    return written.path.parents[1] / PRIVATE / name
