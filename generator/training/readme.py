"""The short model card for people, written from the card's own values."""

from __future__ import annotations

from typing import Any


def readme(card: dict[str, Any]) -> str:
    """Return README.md of a model folder."""
    training, measured = card["training"], card["measured"]
    r, n = card["conditions"]["r"], card["conditions"]["n"]

    def value(key: str) -> Any:
        return measured[key]["value"]

    moved, raw, twins = value("displacement"), value("raw_r_mae"), value("near_duplicates")
    known, unseen = value("auc_training_tables"), value("auc_held_out_tables")
    rows = "\n".join(
        f"| {what} | {a['logistic']:.2f} / {a['boosting']:.2f} |"
        for what, a in (
            ("training tables: other real draws of the same tables (the floor)", known["real_floor"]),
            ("training tables: generated", known["generated"]),
            ("training tables: Gaussian points, same r and n", known["gaussian"]),
            ("held-out tables: real draws of the training tables", unseen["real_training_tables"]),
            ("held-out tables: generated", unseen["generated"]),
            ("held-out tables: Gaussian points, same r and n", unseen["gaussian"]),
        )
    )
    varied = ", ".join(f"{ratio:.2f} at r = {at}" for at, ratio in value("diversity").items())
    copies = {name: f"{q['median']:.2f}; {q['p01']:.2f}" for name, q in value("nearest_training_plot").items()}
    remarks = "".join(f"\n- Seen on the sample sheets: {remark}" for remark in card["remarks"])
    tables, held_out = len(training["tables_trained_on"]), len(training["tables_held_out"])
    accepted = 100 * value("acceptance")["legible_and_moved_at_most_0.03"]
    credit = "\n".join(f"- {c['name']}: {c['origin']} ({c['licence']})" for c in card["credits"])
    return f"""# {card["name"]}

A small network that draws the data of a scatter plot with a wanted correlation r and number of points n, in the shapes
that real tables have: bent, skewed, clustered, uneven, with outliers. It emits the points; a picture of 64 x 64 pixels
is the second output. {training["parameters"]:,} parameters, {card["bytes"] / 1e6:.2f} MB, ONNX opset {card["opset"]}.

- **Asked for:** r from {r["low"]} to {r["high"]}, n from {n["low"]} to {n["high"]}.
- **Exact by construction:** {"; ".join(card["exact_by_construction"])}. The network itself learned
  only the shape given r and n, and r approximately: before the projection it misses r by {raw["mean"]:.3f} on average.
- **Trained on:** {training["real_plots"]:,} plots of {tables} real tables, as pairs of continuous columns;
  {held_out} tables were held out. Nothing was simulated.
- **Training:** {training["minutes"]} minutes on two shared CPU cores, {training["steps"]:,} steps of
  {training["batch"]} plots; step {training["step_shipped"]:,} is shipped.
- **Loss:** {training["loss"]}.
- **Command:** `{training["command"]}`
  (how many steps fit into the minutes depends on the machine, and so do the weights).

![real and generated plots](samples.png)

## Measured

Definitions are in `card.json`; the numbers are as they are, good or bad.

- r of the emitted points: off by {value("r_error_after")["max"]:.1e} at most.
- The projection to r moves a point by {moved["mean"]:.3f} of the frame's side on average (95th percentile of plots:
  {moved["p95"]:.3f}).
- {accepted:.0f} % of draws are legible (not pressed into a corner by an outlier) and moved by at most 0.03.
- Near-duplicates in {twins["draws"]:,} draws at r = 0.7, n = 40: {twins["pairs_below_threshold"]} pairs.
- Distance to the nearest training plot (median; 1st percentile): {copies["generated"]}; plots of held-out tables:
  {copies["held-out tables"]}; further draws of the very tables: {copies["fresh draws of training tables"]}.
- As varied as real plots of like r (mean distance of two plots, as a ratio): {varied}.
- {value("plots_per_second"):,} plots per second (points and picture) with ONNX Runtime on two CPU
  threads (the best of ten runs).

Can a classifier tell the shapes (18 descriptors, logistic regression / gradient boosting; area under the ROC curve,
0.5 cannot, 1 always)?

| real draws of ... against ... | AUC |
|---|---|
{rows}

Tables differ: real draws of the training tables are themselves told from real draws of the held-out tables. So the
last three rows are to be compared with one another, not with 0.5.

## Limits

- One run, one seed. The descriptors see shape, not everything that a person sees; no person was asked.
- Real measurements are often rounded and lie on a grid; generated coordinates are continuous.
- Columns with few distinct values, near-copies (|r| > 0.98), and plots squeezed by one far outlier were not trained on.
- The points are not of any real subject matter: name axes accordingly.{remarks}

## Data

{card["licence"]}. Credits:

{credit}
"""
