"""What an uploaded file may be, judged by its first bytes and never by its name; pictures are drawn anew.

Drawing anew leaves behind what a picture carries unseen: place and device (EXIF), comments, and anything hidden in it.
"""

import io
import struct
import threading
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from chassis.errors import Invalid, TooLarge, UnsupportedMedia
from chassis.http.reading import LARGEST_FILE
from chassis.i18n import Sentence

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 4096
AT_ONCE = threading.Semaphore(2)  # a large picture takes up to 200 MB while it is drawn
Image.MAX_IMAGE_PIXELS = None  # judged here, from the header, before anything is decoded

EMPTY = Sentence("The file is empty: choose another.", "文件为空，请另选一个。")
BROKEN = Sentence("The picture cannot be read: choose another.", "图片无法读取，请另选一张。")
VAST = Sentence(
    "The picture has more than 50 million pixels: send a smaller one.", "图片超过 5000 万像素，请缩小后再上传。"
)


@dataclass(frozen=True)
class File:
    """A file as it will be kept."""

    media_type: str
    extension: str
    data: bytes


def examined(data: bytes) -> File:
    """The file as we keep it.

    Raises:
        TooLarge: more than 10 MB.
        UnsupportedMedia: neither JPEG, PNG, WebP nor PDF, whatever it is called.
        Invalid: empty, broken, or a picture of too many pixels.
    """
    if len(data) > LARGEST_FILE:
        raise TooLarge(limit="10 MB")
    if not data:
        raise Invalid(errors={"file": [EMPTY]})
    if data.startswith(b"%PDF-"):
        return File("application/pdf", "pdf", data)
    if data.startswith(b"\xff\xd8\xff"):
        return File("image/jpeg", "jpg", drawn_anew(data, "JPEG"))
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return File("image/png", "png", drawn_anew(data, "PNG"))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return File("image/webp", "webp", drawn_anew(data, "WEBP"))
    raise UnsupportedMedia(accepted="JPEG, PNG, WebP, PDF")


def drawn_anew(data: bytes, kind: str) -> bytes:
    """The picture upright, at most 4096 pixels long, without anything but its pixels."""
    try:
        with AT_ONCE, Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Invalid(errors={"file": [VAST]})
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            return _encoded(ImageOps.exif_transpose(picture), kind)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as error:
        raise Invalid(errors={"file": [BROKEN]}) from error


def _encoded(picture: Image.Image, kind: str) -> bytes:
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    transparent = kind != "JPEG" and picture.has_transparency_data
    pixels = picture.convert("RGBA" if transparent else "RGB")
    pixels.info = {}
    out = io.BytesIO()
    pixels.save(out, kind, quality=85)
    return out.getvalue()
