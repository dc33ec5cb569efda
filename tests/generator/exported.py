"""What holds of every exported network."""

from pathlib import Path

import numpy as np
import onnxruntime

PLOTS = 7


def drawn_alone(folder):
    """Check that each plot of the `model.onnx` in a folder is the same, bit for bit, alone and beside others, and with one
    thread and two, and that the file holds no traces of this machine; return the names of its outputs."""
    from plotbank.generator.training import networks

    content = (folder / "model.onnx").read_bytes()
    assert str(Path(networks.__file__).parent).encode() not in content
    natural = np.load(folder / "conditions.npy")
    rng, reference = np.random.default_rng(11), None
    for threads in (1, 2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        names = tuple(output.name for output in session.get_outputs())
        if reference is None:
            noise = next(given.shape[1] for given in session.get_inputs() if given.name == "noise")
            inputs = {
                "noise": rng.standard_normal((PLOTS, noise), dtype=np.float32),
                "condition": natural[rng.integers(len(natural), size=PLOTS)],
            }
        whole = session.run(list(names), inputs)
        reference = reference or whole
        assert all(np.array_equal(a, b) for a, b in zip(whole, reference, strict=True))
        if names == ("picture",):
            continue  # draws no data, so nobody's key hangs on it
        for i in range(PLOTS):
            alone = session.run(["data"], {key: a[i : i + 1] for key, a in inputs.items()})
            assert np.array_equal(alone[0][0], whole[names.index("data")][i])
    return names
