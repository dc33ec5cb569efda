"""What the kinds' tensor halves share.  Needs torch: imported by their methods, never by a bank's build.

Means are matrix products instead of sums: ONNX Runtime sums a lone plot in another order than a batch of them, and a
plot must not depend on its neighbours.
"""

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean (B, 1, K) of values (B, P, K) over the mask (B, P, 1)."""
    return (mask.transpose(1, 2) @ values) / mask.transpose(1, 2).matmul(torch.ones_like(mask))


def standardise(values: Tensor, mask: Tensor) -> Tensor:
    """Each coordinate of (B, P, K) with mean 0 and standard deviation 1 over the mask; padding becomes 0."""
    centred = (values - masked_mean(values, mask)) * mask
    return centred / torch.sqrt(masked_mean(centred * centred, mask) + 1e-8)


def frame(points: Tensor, mask: Tensor) -> Tensor:
    """Each coordinate of (B, P, K) mapped onto 0..1 over the mask; padding becomes exactly 0."""
    far = 1e4 * (1 - mask)
    low = (points + far).amin(1, keepdim=True)
    high = (points - far).amax(1, keepdim=True)
    return ((points - low) / (high - low).clamp_min(1e-6)).clamp(0, 1) * mask
