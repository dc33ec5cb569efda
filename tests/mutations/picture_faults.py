"""Pictures that show something else than the data, or somebody else's."""

import numpy as np

from plotbank.generator.kinds import kinds

from .faults import in_draft
from .redrawing import plot_of, recompressed, redrawn, repainted, values_of, with_line_of

NOT_BUILT = r"the pictures are not those that were built for this variant"
UNREAD = r"the picture cannot be read"
POINT = r"a point of the picture lies .*% of an axis from where"
LABEL = r"(?i)label|tick|scale|axis|axes"


def pictured(draft, place=0):
    """The first item and what `private/` says of one of its pictures."""
    item = draft.first
    return item, draft.record(item)["plots"][place]


def png_of(item, place=0):
    return item.every_picture[place].png


# Pictures in the wrong place


@in_draft("slope", finding=NOT_BUILT)
def pictures_of_two_students_swapped(draft):
    one, other = draft.items[:2]
    draft.put(one, png_of(other))
    draft.put(other, png_of(one))


@in_draft("slope", finding=POINT + r"|points, but the data have")
def scatter_plots_of_two_students_swapped_in_private_too(draft):
    one, other = draft.items[:2]
    draft.show(one, png_of(other))
    draft.show(other, png_of(one))


@in_draft("truth", finding=r"group \d|groups|box|median|whisker|outlier|Q\d|line")
def box_plots_of_two_students_swapped_in_private_too(draft):
    one, other = draft.items[:2]
    draft.show(one, png_of(other))
    draft.show(other, png_of(one))


@in_draft("bars", finding=r"bar")
def histograms_of_two_students_swapped_in_private_too(draft):
    one, other = draft.items[:2]
    draft.show(one, png_of(other))
    draft.show(other, png_of(one))


def swap_options(draft, item, one, other, *, known):
    first, second = png_of(item, one), png_of(item, other)
    (draft.show if known else draft.put)(item, second, one)
    (draft.show if known else draft.put)(item, first, other)


@in_draft("which", finding=NOT_BUILT)
def pictures_of_two_options_swapped(draft):
    swap_options(draft, draft.first, 0, 1, known=False)


@in_draft("which", finding=r"plot \d is said to have r|" + POINT)
def pictures_of_two_options_swapped_in_private_too(draft):
    swap_options(draft, draft.first, 0, 1, known=True)


@in_draft("boxes", finding=r"box|median|whisker|line")
def box_plots_of_two_options_swapped_in_private_too(draft):
    swap_options(draft, draft.first, 1, 2, known=True)


@in_draft("which", finding=r"the box plot|plot \d is said to have r")
def options_swapped_with_their_data(draft):
    """The right option's picture and data stand under a wrong option, wherever the bank speaks of them."""
    item = draft.first
    swap_options(draft, item, 0, 1, known=True)
    plots = draft.record(item)["plots"]
    plots[0], plots[1] = plots[1], plots[0]


@in_draft("slope", finding=r"the picture is also that of")
def one_picture_for_two_students(draft):
    one, other = draft.items[:2]
    draft.put(other, png_of(one))
    draft.touched.add(one.id)


@in_draft("choose", finding=r"the data are also those of|the picture is also that of")
def one_plot_for_two_students_in_private_too(draft):
    """Picture, data and axes of one student are those of another one everywhere, as if the same had been drawn twice."""
    one, other = draft.items[:2]
    draft.show(other, png_of(one))
    draft.record(other)["plots"] = [dict(plot) for plot in draft.record(one)["plots"]]
    draft.record(other)["claims"] = draft.record(one)["claims"]
    draft.rekey(other, options=one.key.options, correct=one.key.correct)
    draft.everywhere(other)


@in_draft("choose", finding=r"the data are also those of")
def same_data_in_another_frame(draft):
    """Two students have the same data, and axes with other labels."""
    one, other = draft.items[:2]
    source = draft.record(one)["plots"][0]
    plot = plot_of(source)
    frames = draft.record(other)["plots"][0]
    mine = {**source, "x": {**source["x"], "label": frames["x"]["label"]}}
    draft.record(other)["plots"] = [mine]
    draft.show(other, redrawn(mine))
    assert plot != plot_of(mine), "the frames differ"


@in_draft("choose", finding=r"looks? (just|much)? ?like|alike|also that of")
def same_picture_in_another_file(draft):
    """Two students have the same picture, in files that differ by their compression."""
    one, other = draft.items[:2]
    source = draft.record(one)["plots"][0]
    draft.record(other)["plots"] = [{**source}]
    draft.show(other, recompressed(png_of(one), 9))


# Scatter plots


@in_draft("slope", finding=POINT)
def point_moved_by_one_percent(draft):
    item, plot = pictured(draft)
    values, middle = values_of(plot), (plot["x"]["low"] + plot["x"]["high"]) / 2
    span = plot["x"]["high"] - plot["x"]["low"]
    values[3, 0] += 0.01 * span * (1 if values[3, 0] < middle else -1)
    draft.show(item, redrawn(plot, values=values))


@in_draft("choose", finding=POINT + r"|points, but the data have|" + UNREAD)
def dot_erased_and_drawn_elsewhere(draft):
    """In the pixels of the picture: one dot's square is cut out and put where only paper was."""
    item, _ = pictured(draft)
    draft.show(item, repainted(png_of(item), moved_dot))


def moved_dot(pixels):
    """A dot that stands alone is put in a place where there is only paper."""
    side = 13  # pixels: a dot and the paper about it, at density 1
    height, width = pixels.shape
    corners = [(top, left) for top in range(20, height - 80, 3) for left in range(80, width - 30, 3)]
    windows = [(slice(top, top + side), slice(left, left + side)) for top, left in corners]
    inks = [pixels[window] > 7 for window in windows]  # the data's colours come after the greys
    alone = [(ink.sum(), place) for place, ink in enumerate(inks) if ink.any() and not _edge(ink).any()]
    dot = windows[max(alone)[1]]
    empty = next(window for window in windows if not pixels[window].any() and abs(window[0].start - dot[0].start) > 40)
    after = pixels.copy()
    after[empty], after[dot] = pixels[dot], 0
    return after


def _edge(part):
    return np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])


@in_draft("slope", finding=r"the picture shows \d+ points, but the data have \d+")
def dot_more(draft):
    item, plot = pictured(draft)
    values = values_of(plot)
    low, high = (np.array([plot["x"][end], plot["y"][end]]) for end in ("low", "high"))
    corners = low + (high - low) * np.array([[0.06, 0.94], [0.94, 0.06], [0.94, 0.94], [0.06, 0.06]])
    free = max(corners, key=lambda corner: np.min(np.abs((values - corner) / (high - low)).max(axis=1)))
    draft.show(item, redrawn(plot, values=np.vstack([values, free])))


@in_draft("slope", finding=r"the picture shows \d+ points, but the data have \d+")
def dot_less(draft):
    item, plot = pictured(draft)
    draft.show(item, redrawn(plot, values=values_of(plot)[1:]))


@in_draft("slope", finding=r"line")
def line_of_another_slope(draft):
    item, plot = pictured(draft)
    tilted = values_of(plot)
    middle = tilted[:, 1].mean()
    tilted[:, 1] = middle + 0.8 * (tilted[:, 1] - middle)
    draft.show(item, with_line_of(plot, tilted))


@in_draft("slope", finding=r"line")
def line_missing(draft):
    item, plot = pictured(draft)
    draft.show(item, redrawn(plot, condition={"line": 0.0}))


@in_draft("choose", finding=r"line")
def line_where_none_belongs(draft):
    item, plot = pictured(draft)
    draft.show(item, redrawn(plot, condition={"line": 1.0}))


@in_draft("choose", finding=r"ring|marked|" + UNREAD)
def ring_where_none_belongs(draft):
    item, plot = pictured(draft)
    draft.show(item, redrawn(plot, condition={"marked": 0.0}))


@in_draft("without", finding=r"ring|marked", bank="ringed")
def ring_about_another_point(draft):
    item, plot = pictured(draft)
    values = values_of(plot)
    low, high = (np.array([plot["x"][end], plot["y"][end]]) for end in ("low", "high"))
    shares = (values - low) / (high - low)
    apart = [np.sort(np.abs(shares - one).max(axis=1))[1] for one in shares]
    apart[int(plot["condition"]["marked"])] = 0.0
    draft.show(item, redrawn(plot, condition={"marked": float(np.argmax(apart))}))


# Box plots


def first_group(plot):
    """The values of all groups (n, 2), the places of those of the first one in ascending order, and its fences."""
    values = values_of(plot)
    own = np.nonzero(values[:, 0] == values[0, 0])[0]
    own = own[np.argsort(values[own, 1])]
    q1, q3 = np.quantile(values[own, 1], [0.25, 0.75])
    return values, own, (q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))


def axis_share(plot, share):
    return share * (plot["y"]["high"] - plot["y"]["low"])


@in_draft("truth", finding=r"whisker_(low|high) of group \d is at")
def whisker_longer_by_one_percent(draft):
    item, plot = pictured(draft)
    values, own, (low, high) = first_group(plot)
    inside = [place for place in own if low <= values[place, 1] <= high]
    step = axis_share(plot, 0.01)
    if values[inside[0], 1] - step > low:
        values[inside[0], 1] -= step
    else:
        values[inside[-1], 1] += step
    draft.show(item, redrawn(plot, values=values))


@in_draft("truth", finding=r"q2 of group \d is at")
def median_moved_by_one_percent(draft):
    """The middle values move, and no other line does."""
    item, plot = pictured(draft)
    values, own, _ = first_group(plot)
    values[own[len(own) // 2 - 1 : len(own) // 2 + 2], 1] += axis_share(plot, 0.01)
    draft.show(item, redrawn(plot, values=values))


@in_draft("truth", finding=r"outlier|" + UNREAD)
def outlier_more(draft):
    item, plot = pictured(draft)
    values, own, (low, high) = first_group(plot)
    far = axis_share(plot, 0.06)
    there = low - far if low - far > plot["y"]["low"] + far / 4 else high + far
    draft.show(item, redrawn(plot, values=np.vstack([values, [values[own[0], 0], there]])))


@in_draft("medians", finding=r"(?i)group|box|categor")
def group_missing(draft):
    item, plot = pictured(draft)
    values = values_of(plot)
    draft.show(item, redrawn(plot, values=values[values[:, 0] != values[:, 0].max()]))


# Histograms


@in_draft("bars", finding=r"bar")
def bar_one_value_taller(draft):
    item, plot = pictured(draft)
    values = values_of(plot)
    draft.show(item, redrawn(plot, values=np.vstack([values, np.median(values, axis=0)])))


@in_draft("bars", finding=r"bar")
def bar_missing(draft):
    item, plot = pictured(draft)
    values = values_of(plot)
    edges = np.linspace(plot["x"]["low"], plot["x"]["high"], int(plot["condition"]["bins"]) + 1)
    fullest = int(np.histogram(values, edges)[0].argmax())
    kept = (values[:, 0] < edges[fullest]) | (values[:, 0] >= edges[fullest + 1])
    draft.show(item, redrawn(plot, values=values[kept]))


# Axes


def stretched(plot, factor):
    """The plot and the values with which the same dots stand beside other numbers on the x axis."""
    axis = plot["x"]
    change = lambda value: axis["low"] + factor * (value - axis["low"])  # noqa: E731
    wide = {**plot, "x": {**axis, "high": change(axis["high"])}}
    values = values_of(plot)
    values[:, 0] = change(values[:, 0])
    return wide, values


@in_draft("choose", finding=LABEL)
def axis_with_other_numbers(draft):
    """Every dot is where it belongs, but the numbers on the x axis are twice as far from its beginning."""
    item, plot = pictured(draft)
    wide, values = stretched(plot, 2)
    draft.show(item, redrawn(wide, values=values, plot=plot_of(wide)))


def written_otherwise(wrong):
    """Numbers as axes have them, all of them through `wrong`."""
    return lambda value, places: wrong(f"{value:z.{places}f}").replace("-", "\N{MINUS SIGN}")


@in_draft("choose", finding=LABEL)
def one_tick_label_changed(draft):
    """One number on an axis has another last digit."""
    item, plot = pictured(draft)
    seen = []

    def wrong(text):
        seen.append(text)
        return text[:-1] + str((int(text[-1]) + 3) % 10) if len(seen) == 3 else text

    draft.show(item, redrawn(plot, write=written_otherwise(wrong)))


@in_draft("truth", finding=LABEL)
def one_tick_label_of_a_box_plot_changed(draft):
    item, plot = pictured(draft)
    seen = []

    def wrong(text):
        seen.append(text)
        return text[:-1] + str((int(text[-1]) + 3) % 10) if len(seen) == 2 else text

    draft.show(item, redrawn(plot, write=written_otherwise(wrong)))


@in_draft("bars", finding=LABEL)
def one_tick_label_of_a_histogram_changed(draft):
    item, plot = pictured(draft)
    seen = []  # different labels: sets of marks are tried before one is drawn

    def wrong(text):
        seen.extend({text} - {*seen})
        return str((int(text[0]) + 1) % 10) + text[1:] if text in seen[2:3] else text

    draft.show(item, redrawn(plot, write=written_otherwise(wrong)))


@in_draft("choose", finding=LABEL)
def minus_signs_missing_on_an_axis(draft):
    """The axes run through negative numbers, and the labels have no sign."""
    item = next(one for one in draft.items if draft.records[one.id]["plots"][0]["y"]["low"] < 0)
    plot = draft.record(item)["plots"][0]
    draft.show(item, redrawn(plot, write=written_otherwise(lambda text: text.replace("-", ""))))


@in_draft("slope", finding=POINT + r"|points, but the data have|line|" + UNREAD)
def picture_mirrored(draft):
    item, _ = pictured(draft)
    draft.show(item, repainted(png_of(item), lambda pixels: pixels[:, ::-1]))


@in_draft("slope", finding=POINT + r"|points, but the data have|line|" + UNREAD)
def axis_upside_down(draft):
    """The data are drawn downwards, the numbers are not."""
    item, plot = pictured(draft)
    values = values_of(plot)
    values[:, 1] = plot["y"]["low"] + plot["y"]["high"] - values[:, 1]
    draft.show(item, redrawn(plot, values=values))


@in_draft("slope", finding=POINT + r"|points, but the data have|line|" + UNREAD)
def x_and_y_swapped(draft):
    item, plot = pictured(draft)
    low, high = (np.array([plot["x"][end], plot["y"][end]]) for end in ("low", "high"))
    shares = (values_of(plot) - low) / (high - low)
    draft.show(item, redrawn(plot, values=low + shares[:, ::-1] * (high - low)))


@in_draft("choose", finding=UNREAD + r"|points, but the data have")
def picture_with_nothing_in_it(draft):
    item, _ = pictured(draft)
    draft.show(item, repainted(png_of(item), lambda pixels: np.where(pixels > 7, 0, pixels)))


@in_draft("choose", finding=UNREAD)
def picture_of_paper_alone(draft):
    item, _ = pictured(draft)
    draft.show(item, repainted(png_of(item), np.zeros_like))


@in_draft("choose", finding=UNREAD + r"|points")
def picture_of_another_kind(draft):
    """A histogram of the same values stands where a scatter plot belongs."""
    item, plot = pictured(draft)
    values = values_of(plot)[:, :1]
    counted = {**plot, "y": {**plot["y"], "low": 0.0, "high": float(len(values))}}
    kind = kinds()["histogram"]
    draft.show(item, redrawn(counted, values=values, condition={"bins": 8.0}, plot=plot_of(counted), kind=kind))
