"""Training of the shipped networks: corpus of real plots, networks, training loop, evaluation, export.

Needs the extra ``train`` (torch, onnx, scikit-learn, statsmodels).  Nothing else in plotbank imports it: a bank
is built from the exported ONNX file alone.  ``plotbank train`` is the way in.
"""

import os

# Read when torch is first imported: idle threads sleep instead of spinning.  On a machine with other work to do, two
# spinning threads were measured to be several times slower than one.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
