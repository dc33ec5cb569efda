"""Documented misreadings of plots, each with the wrong number that it leads to.

The words that tell a student what went wrong are in `words.toml`, in every language.  Sources: Moore and McCabe on r
and its square; Lem et al. 2013 (box plots: area of the box read as a count, the line as the mean, whiskers as no
data); Cooper and Shore 2008 (histograms: heights read as values); Estepa and Sanchez Cobo 2001 (slope taken for r).
"""

EXPRESSIONS = {
    # scatter plots
    "sign dropped": "-r",
    "squared": "r ** 2",
    "not squared": "100 * abs(r)",
    "slope for r": "slope",
    "r for slope": "r",
    "inverse slope": "1 / slope",
    "sign of slope": "-slope",
    # box plots of one group
    "mean for median": "mean_1",
    "middle of the box": "(q1_1 + q3_1) / 2",
    "middle of the whiskers": "(whisker_low_1 + whisker_high_1) / 2",
    "range for IQR": "max_1 - min_1",
    "IQR for range": "q3_1 - q1_1",
    "whiskers for range": "whisker_high_1 - whisker_low_1",
    "whiskers for IQR": "whisker_high_1 - whisker_low_1",
    "half the box": "q3_1 - q2_1",
    "lower half of the box": "q2_1 - q1_1",
    "lower whisker for IQR": "q1_1 - whisker_low_1",
    "upper whisker for IQR": "whisker_high_1 - q3_1",
    "third quartile for IQR": "q3_1",
    "median for IQR": "q2_1",
    "other quartile": "q1_1 + q3_1 - key",
    "whisker for quartile": "whisker_high_1 if key > q2_1 else whisker_low_1",
    "median for quartile": "q2_1",
    # histograms
    "share for count": "100 * key / n",
    "count for share": "key * n / 100",
    "other side": "n - key",
    "other share": "100 - key",
    "height for count": "tallest_count",
}
