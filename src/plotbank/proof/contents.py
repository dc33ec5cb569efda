"""What packages consist of, whatever their format: numbers, links to pictures, PNG files."""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from . import Unreadable
from .delivered import DeliveredPicture
from .markup import fragment
from .zips import Archive

PART = '<div class="part">'  # begins each of several questions about the same picture

_LARGEST_PICTURE = 20 * 2**20
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture as an `<img>` says: where it is, its text alternative, its CSS pixels, the caption above it."""

    link: str
    alt: str
    width: int
    height: int
    caption: str


def decimal(text: str) -> Decimal | None:
    """A plain decimal number (no exponent, no comma, ASCII minus), exactly; None for anything else."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def images(html: str) -> list[Image]:
    """The pictures that some HTML shows; raises Unreadable where one has no size."""
    shown = fragment(html)
    return [
        Image(
            link=image.get("src", ""),
            alt=image.get("alt", ""),
            width=_pixels(image, "width"),
            height=_pixels(image, "height"),
            caption=caption,
        )
        for image, caption in zip(shown.images, shown.captions, strict=True)
    ]


def whole_png(png: bytes) -> bytes:
    """The same bytes, if they are a PNG with all its chunks undamaged; Unreadable otherwise."""
    if not png.startswith(_PNG_SIGNATURE):
        raise Unreadable("it is not a PNG")
    position, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND" and position + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        end = position + 12 + length
        body = png[position + 4 : end - 4]
        if end > len(png) or zlib.crc32(body) != int.from_bytes(png[end - 4 : end]):
            raise Unreadable("it is a damaged PNG")
        position = end
    if kind != b"IEND":
        raise Unreadable("it is a PNG that breaks off")
    return png


def zipped_png(archive: Archive, name: str) -> bytes:
    """A picture in a zip; raises Unreadable where it is missing, or not a whole PNG."""
    with within(f"the picture {name}"):
        return whole_png(archive.read(name, _LARGEST_PICTURE))


@contextmanager
def within(item: str) -> Iterator[None]:
    """Say in which item something is unreadable."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(f"{item}: {error}") from None


def some(pictures: Iterator[DeliveredPicture]) -> tuple[DeliveredPicture, ...]:
    """The pictures of an item; raises Unreadable where there are none."""
    found = tuple(pictures)
    if not found:
        raise Unreadable("the item shows no picture")
    return found


def picture_of(image: Image, name: str, png: bytes, option: int | None) -> DeliveredPicture:
    """A picture as an `<img>` shows it, with its bytes."""
    return DeliveredPicture(
        name=name,
        png=png,
        alt=image.alt,
        width=image.width,
        height=image.height,
        option=option,
        caption=image.caption,
    )


def after(prefix: str, link: str) -> str:
    """What a link names inside the package; raises Unreadable where it leads elsewhere."""
    if not link.startswith(prefix):
        raise Unreadable(f"its picture is linked as {link[:80]!r}, not inside the package")
    return link.removeprefix(prefix)


def _pixels(image: dict[str, str], side: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", image.get(side, "")):
        raise Unreadable(f"the picture has no {side} in pixels")
    return int(image[side])


def number_of(text: str, what: str) -> Decimal:
    """A plain decimal number, exactly; raises Unreadable, with what it should be, for anything else."""
    number = decimal(text)
    if number is None:
        raise Unreadable(f"{what} is {text[:40]!r}, not a plain decimal number")
    return number
