"""How fast networks draw: plots per second on each runtime, and the share of a build's time that drawing takes.

    python benchmarks/inference.py [model, default the newest for scatter plots]

Only the data are asked for, as a build does.  Each number is the best of several runs of at least 0.3 s in all, with
whatever else the machine is doing.  torch is measured where it is installed, with a network of the same shape but
untrained weights, built from the model's training.json; CUDA where ONNX Runtime has it.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from plotbank import build as building
from plotbank import models
from plotbank.errors import ModelError
from plotbank.exporters import exporters
from plotbank.generator.kinds import kinds
from plotbank.items import Student
from plotbank.quiz import read_quiz
from plotbank.roster import Roster

BATCHES = (1, 8, 64, 256)
QUIZ = Path(__file__).parent.parent / "examples" / "intro-statistics" / "quiz.toml"
STUDENTS = 30  # each gets the quiz's two questions


def inputs(card, count):
    """Noise, and conditions of real plots in the trained range."""
    rng = np.random.default_rng(0)
    low, high = np.array(list(card.conditions.values())).T
    natural = models.read_natural(card)
    natural = natural[(((natural >= low) & (natural <= high)) | (natural == 0)).all(axis=1)]
    noise = rng.standard_normal((count, card.noise)).astype(np.float32)
    return noise, natural[rng.integers(len(natural), size=count)]


def best_seconds(function):
    """The fastest of the runs that fit into 0.3 s, five at least; the first is for warming up."""
    function()
    times = []
    while len(times) < 5 or sum(times) < 0.3:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def onnx_runners(card):
    """Name and drawing function of ONNX Runtime on 1 and 2 threads, for data and for all outputs, and on CUDA."""
    for threads in (1, 2):
        model = models.open_model(card, "cpu", threads=threads)
        yield f"ONNX Runtime, {threads} CPU thread{'s' * (threads > 1)}", model.draw
        if threads == 1:
            yield "  the same, all outputs", lambda *given, model=model: model.outputs(card.outputs, *given)
    try:
        yield "ONNX Runtime, CUDA", models.open_model(card, "cuda").draw
    except ModelError as reason:
        print(f"(no CUDA: {reason})\n")


def torch_runners(card):
    """The same for torch, eager, with untrained weights: its time does not depend on them."""
    try:
        import torch

        from plotbank.generator.training.networks import Generator, NetworkConfig
    except ModuleNotFoundError as missing:
        print(f"(no torch: {missing.name} is not installed)\n")
        return
    shape = json.loads((card.folder / "training.json").read_text(encoding="utf-8"))["network"]
    shape = {name: tuple(value) if isinstance(value, list) else value for name, value in shape.items()}
    network = Generator(kinds()[card.kind], NetworkConfig(**shape)).eval()

    def drawing(device, threads):
        on_device = network.to(device)

        def draw(noise, condition):
            torch.set_num_threads(threads)
            with torch.no_grad():
                given = (torch.from_numpy(array).to(device) for array in (noise, condition))
                return on_device.draw(*given).data.cpu().numpy()

        return draw

    for threads in (1, 2):
        yield f"torch, {threads} CPU thread{'s' * (threads > 1)}", drawing("cpu", threads)
    if torch.cuda.is_available():
        yield "torch, CUDA", drawing("cuda", 1)


def print_speeds(card):
    print(f"plots per second, {card.name}\n")
    print(f"{'batch':<28}" + "".join(f"{batch:>9}" for batch in BATCHES))
    for runners in (onnx_runners, torch_runners):
        for name, draw in runners(card):
            speeds = []
            for batch in BATCHES:
                given = inputs(card, batch)
                speeds.append(batch / best_seconds(lambda draw=draw, given=given: draw(*given)))
            print(f"{name:<28}" + "".join(f"{speed:>9,.0f}" for speed in speeds))


class Timed:
    """A model whose drawing is timed."""

    def __init__(self, model):
        self._model, self.seconds, self.plots = model, 0.0, 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def draw(self, noise, condition):
        start = time.perf_counter()
        data = self._model.draw(noise, condition)
        self.seconds += time.perf_counter() - start
        self.plots += len(noise)
        return data


def print_share():
    """Build the example quiz and say how much of the time the network took."""
    quiz = read_quiz(QUIZ)
    students = tuple(Student(id=f"s{k}") for k in range(STUDENTS))
    roster = Roster(students=students, source="", id_column="id", left_out=())
    timed = []

    def opened(card, device):
        timed.append(Timed(models.open_model(card, device)))
        return timed[-1]

    building.open_model = opened
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        building.build(quiz, roster, bytes(32), Path(folder) / "bank", list(exporters().values()), device="cpu")
        seconds = time.perf_counter() - start
    drawing, drawn = sum(model.seconds for model in timed), sum(model.plots for model in timed)
    items = STUDENTS * len(quiz.questions)
    print(
        f"\na build of {items} items: {seconds:.1f} s ({1000 * seconds / items:.0f} ms an item), of which drawing "
        f"{drawn} plots {drawing:.2f} s ({100 * drawing / seconds:.1f} %)"
    )


def main():
    known = models.shipped()
    card = models.read_card(known[sys.argv[1]]) if len(sys.argv) > 1 else models.latest("scatter")
    print_speeds(card)
    print_share()


if __name__ == "__main__":
    main()
