"""A kind of one's own: the example is installed as an outsider would, found, drawn, and trained; its page shows its code."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from ..conftest import ROOT

EXAMPLE = ROOT / "examples" / "dot-plot-kind"


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Runs Python code in which the example's package is installed, and returns what it prints as JSON."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("outside")
    source = shutil.copytree(EXAMPLE, folder / "source")  # a build leaves files behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", folder / "site", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    def run(code):
        environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
        command = [sys.executable, "-c", textwrap.dedent(code)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_it_is_found_beside_plotbanks_own(outside):
    found = outside("""
        import json, sys
        from plotbank.generator.kinds import kinds
        print(json.dumps([list(kinds()), "torch" in sys.modules]))
    """)

    assert found == [["boxplot", "dotplot", "histogram", "scatter"], False]


def test_it_has_everything_that_a_kind_has(outside):
    missing = outside("""
        import json
        from plotbank.generator.kinds import Kind, kinds
        wanted = [name for name in vars(Kind) if not name.startswith("_")]
        assert len(wanted) > 25
        print(json.dumps([name for name in wanted if not hasattr(kinds()["dotplot"], name)]))
    """)

    assert missing == []


def test_what_is_drawn_has_exactly_what_was_asked_for(outside):
    """Read by definition from the values in the picture's units: whole numbers from 0 to 12 on an axis from 0 to 24."""
    drawn = outside("""
        import json
        import numpy as np
        from plotbank.errors import UnsuitableDraw
        from plotbank.generator.conditions import Grid, steps
        from plotbank.generator.kinds import Plot, inexact, kinds
        from plotbank.generator.rendering import Frame
        from plotbank.items import Axis, PictureSpec

        kind, rng = kinds()["dotplot"], np.random.default_rng(0)
        plot = Plot(x=Axis(label="Age", low=0, high=24), y=Axis(label="Count", low=0, high=15), picture=PictureSpec())
        frame, found = Frame(kind, plot), []
        values = {feature.name: steps(feature, feature.low, feature.high) for feature in kind.features}
        grid = Grid(kind=kind, values=values, natural=(), reads="mean")
        for _ in range(60):
            condition = grid.draw(rng)
            try:
                snapped = kind.snap(kind.plain(condition, rng), condition, plot, frame.area, rng)
            except UnsuitableDraw:
                continue
            readings = kind.readings(snapped.values, condition, plot)
            png = len(frame.picture(snapped.values, condition))
            found.append([condition, snapped.values.ravel().tolist(), readings, inexact(kind, readings, condition), png])
        print(json.dumps(found))
    """)

    exact = [(condition, values, readings) for condition, values, readings, wrong, _ in drawn if not wrong]
    assert len(exact) > 20
    assert all(png < 30_000 for *_, png in drawn)
    for condition, values, readings in exact:
        steps = [value / 2 for value in values]
        mean = sum(steps) / len(steps)
        sd = (sum((step - mean) ** 2 for step in steps) / (len(steps) - 1)) ** 0.5
        assert all(step in range(13) for step in steps)
        assert len(steps) == condition["n"]
        assert abs(mean - condition["mean"]) <= 0.0625
        assert abs(sd - condition["sd"]) <= 0.125
        assert readings["mean"] == pytest.approx(mean)
        assert readings["sd"] == pytest.approx(sd)
        assert readings["tallest"] == max(map(steps.count, steps))


def test_the_generic_trainer_trains_it(outside):
    """A few steps; then all that it was trained on and drew keeps the contract of the shapes."""
    for extra in ("torch", "sklearn", "statsmodels", "tensorboard"):
        pytest.importorskip(extra)
    found = outside("""
        import json
        import numpy as np
        import torch
        from plotbank.generator.kinds import UNIT, kinds
        from plotbank.generator.tables import Table
        from plotbank.generator.training import corpus
        from plotbank.generator.training.networks import NetworkConfig
        from plotbank.generator.training.pictures import ink
        from plotbank.generator.training.train import TrainingConfig, new_state, train_step

        torch.set_num_threads(1)
        kind, rng = kinds()["dotplot"], np.random.default_rng(0)
        table = Table(name="t", columns=("a", "b"), values=rng.gamma(3, size=(200, 2)))
        source = corpus.Source(table=table, origin="", licence="", rows=200, features=2, continuous=2, kept=2)
        pool = corpus.draw_pool(kind, [source], 96, rng)
        small = NetworkConfig(hidden=16, style=16, blocks=1, channels=(4, 4, 8, 8), features=16)
        config = TrainingConfig(batch=16)
        state = new_state(kind, small, config)
        losses = [train_step(state, pool, config) for _ in range(3)]
        condition = torch.from_numpy(pool.condition[:8])
        with torch.no_grad():
            data, raw = state.generator(torch.randn(8, state.generator.noise), condition)
        picture = ink(kind, data.numpy(), pool.condition[:8])
        means, measured = [], []
        for plot, row in zip(data.numpy().astype(float), pool.condition[:8]):
            asked = dict(zip((f.name for f in kind.features), map(float, row)))
            measured.append(kind.readings(kind.values(plot, asked), asked, UNIT)["mean"] - asked["mean"])
        print(json.dumps({
            "real": len(pool),
            "shapes": [list(data.shape), list(raw.shape), list(picture.shape)],
            "range": [float(picture.min()), float(picture.max())],
            "finite": all(np.isfinite(list(loss.values())).all() for loss in losses),
            "padding": [bool((plot[int(n):] == 0).all()) for plot, n in zip(data.numpy(), pool.condition[:8, 0])],
            "mean_off": float(np.median(np.abs(measured))),
            "describe": len(kind.describe(pool.data[0], dict(n=float(pool.condition[0, 0])))),
            "descriptors": len(kind.descriptors),
        }))
    """)

    assert found["real"] == 96
    assert found["shapes"] == [[8, 40, 1], [8, 40, 1], [8, 1, 64, 64]]
    assert found["range"][0] >= 0
    assert found["range"][1] <= 1
    assert found["finite"]
    assert all(found["padding"])
    assert found["mean_off"] < 0.01
    assert found["describe"] == found["descriptors"]


def test_the_page_shows_the_code_as_it_is():
    """Every block of the page stands in the example, method by method."""
    page = (ROOT / "docs" / "new-kind.md").read_text(encoding="utf-8")
    source = textwrap.dedent((EXAMPLE / "dot_plot_kind.py").read_text(encoding="utf-8"))
    blocks = re.findall(r"```python\n(.*?)\n```", page, flags=re.DOTALL)
    pieces = [piece for block in blocks for piece in re.split(r"\n\n(?=def )", block)]

    assert len(pieces) >= 13
    for piece in pieces:
        assert textwrap.indent(piece, "    ") in source
    (toml,) = re.findall(r"```toml\n(.*?)\n```", page, flags=re.DOTALL)
    assert toml in (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
