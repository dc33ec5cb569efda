"""PNGs of sixteen colours, written as plainly as the format allows: rows as they are, four bits to a pixel.

Pillow filters rows, which takes longer, makes a picture of few colours larger, and depends on its version.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

_LEVEL, _MEMORY = 6, 9  # level 9 takes five times as long for a tenth less
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS, _PALETTE = 4, 3  # to a pixel; the colour type


def palette_png(numbers: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8]) -> bytes:
    """The PNG (ISO/IEC 15948) of a picture: `numbers`, shape (height, width), are places among `colours`, shape (up to
    16, 3), red, green and blue."""
    height, width = numbers.shape
    rows = np.zeros((height, 1 + (width + 1) // 2), np.uint8)  # the first byte of a row says that it is not filtered
    rows[:, 1:] = numbers[:, ::2] << 4
    rows[:, 1 : 1 + width // 2] |= numbers[:, 1::2]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY)
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, _BITS, _PALETTE, 0, 0, 0)),
        (b"PLTE", colours.tobytes()),
        (b"IDAT", packer.compress(rows.tobytes()) + packer.flush()),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
