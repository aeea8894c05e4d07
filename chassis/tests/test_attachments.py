"""Files: what may be kept, whose it is, who may fetch it, and when it is gone."""

import io
import os
import struct
import zlib
from urllib.parse import urlsplit

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from chassis import attachments, tables
from chassis.http.files import examined
from chassis.ids import UUID, new_id
from chassis.testing import a_person
from chassis.tests.test_http import E1, HY, PILOT, QY, RED, built, problem

COLLEAGUE = a_person(operator_id=HY, roles=[f"pilot@estate:{E1}"])
STRANGER = a_person(operator_id=QY, roles=["pilot@operator"])
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def picture(kind="JPEG", size=(60, 40), colour=(200, 10, 10), **saved) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **saved)
    return out.getvalue()


def upload(kites, data, name="kite.jpg", person=PILOT, **more):
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(data), name)})
    content_type = f"multipart/form-data; boundary={boundary}"
    return kites.client(person).post("/attachments", data=body, content_type=content_type, **more)


def fetch(kites, url):
    parts = urlsplit(url)
    return kites.app.test_client().get(f"{parts.path}?{parts.query}")


def files(kites):
    return sorted(path.name for path in kites.settings.data_dir.rglob("*") if path.is_file())


def rows(kites):
    with kites.work() as work:
        return work.execute(select(tables.attachment)).all()


@pytest.fixture(autouse=True)
def empty_folder(kites):
    for path in kites.settings.data_dir.rglob("*"):
        if path.is_file():
            path.unlink()


# ── kept ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (PDF, "application/pdf"),
    ],
    ids=["jpeg", "png", "webp", "pdf"],
)
def test_a_file_is_kept_and_fetched_by_its_address(kites, data, media_type):
    answer = upload(kites, data, name="misleading.exe")

    assert answer.status_code == 201
    assert answer.json["media_type"] == media_type
    assert set(answer.json) == {"id", "media_type", "bytes", "url", "expires_at"}
    got = fetch(kites, answer.json["url"])
    assert got.status_code == 200
    assert got.content_type == media_type
    assert got.headers["Content-Disposition"].startswith("attachment; filename=")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert len(got.data) == answer.json["bytes"]
    if media_type.startswith("image/"):
        Image.open(io.BytesIO(got.data)).verify()
    else:
        assert got.data == PDF


def test_a_picture_is_upright_and_tells_nothing_of_place_or_device(kites):
    exif = Image.Exif()
    exif[0x0112] = 6  # held sideways
    exif[0x010F] = "Camera of Mr Wang"
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 50.0)  # where it was taken
    data = picture(size=(60, 40), exif=exif, comment=b"secret comment", icc_profile=b"profile of a device")
    assert b"Mr Wang" in data

    got = fetch(kites, upload(kites, data).json["url"]).data

    kept = Image.open(io.BytesIO(got))
    assert kept.size == (40, 60)
    assert not kept.getexif()
    assert all(secret not in got for secret in (b"Mr Wang", b"secret comment", b"profile of a device", b"Exif"))


def test_the_text_in_a_png_is_gone(kites):
    info = PngInfo()
    info.add_text("Author", "Mr Wang")

    got = fetch(kites, upload(kites, picture("PNG", pnginfo=info)).json["url"]).data

    assert b"Mr Wang" not in got


def test_what_hides_behind_a_picture_is_gone(kites):
    got = fetch(kites, upload(kites, picture() + b"<script>alert(1)</script>PK\x03\x04").json["url"]).data

    assert b"script" not in got and b"PK\x03\x04" not in got


def test_transparency_is_kept():
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (1, 2, 3, 0)).save(out, "PNG")

    kept = Image.open(io.BytesIO(examined(out.getvalue()).data))

    assert kept.getpixel((0, 0))[3] == 0


def test_a_large_photo_is_made_smaller():
    kept = Image.open(io.BytesIO(examined(picture(size=(6000, 3000))).data))

    assert kept.size == (4096, 2048)


# ── refused ──────────────────────────────────────────────────────────────────────────────────────────────────────────

DISGUISED = {
    "a program": b"MZ\x90\x00" + b"\0" * 100,
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "an archive": b"PK\x03\x04" + b"\0" * 100,
    "a gif": b"GIF89a" + b"\0" * 100,
    "text": b"just text",
}


@pytest.mark.parametrize("data", DISGUISED.values(), ids=DISGUISED)
def test_a_disguised_file_is_refused(kites, data):
    problem(upload(kites, data, name="photo.jpg"), 415)

    assert files(kites) == []


BROKEN = {
    "only a jpeg's first bytes": b"\xff\xd8\xff\xe0" + b"\0" * 100,
    "only a png's first bytes": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "only a webp's first bytes": b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 100,
    "half a jpeg": picture(size=(600, 400))[:700],
    "half a png": picture("PNG", size=(600, 400))[:400],
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_picture_is_refused(kites, data):
    said = problem(upload(kites, data), 422)

    assert list(said["errors"]) == ["file"]


def bomb(width, height) -> bytes:
    """A PNG of a few kilobytes that says it is `width` × `height`."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(50_001, 1_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_not_unpacked(kites, size):
    problem(upload(kites, bomb(*size)), 422)


def test_nobody_hoards_files_that_belong_to_nothing(kites, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_LOOSE", 2)
    answers = [upload(kites, picture()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert "Retry-After" in answers[-1].headers and len(files(kites)) == 2


def test_an_empty_file_is_refused(kites):
    assert list(problem(upload(kites, b""), 422)["errors"]) == ["file"]


def test_more_than_ten_megabytes_are_refused(kites):
    ten = 10 * 1024 * 1024

    assert "10 MB" in problem(upload(kites, PDF + b"\0" * ten), 413)["detail"]
    problem(upload(kites, PDF + b"\0" * (ten + 200_000)), 413)
    assert upload(kites, PDF + b"\0" * (ten - len(PDF))).status_code == 201


def test_what_is_not_one_file_is_refused(kites):
    client = kites.client(PILOT)

    def post(data):
        return client.post("/attachments", data=data, content_type="multipart/form-data")

    assert list(problem(post({}), 422)["errors"]) == ["file"]
    assert list(problem(post({"file": "text"}), 422)["errors"]) == ["file"]
    one = (io.BytesIO(PDF), "a.pdf")
    assert list(problem(post({"file": one, "estate_id": str(E1)}), 422)["errors"]) == ["estate_id"]
    problem(client.post("/attachments", {"file": "x"}), 415)
    problem(client.post("/attachments", data=b"x", content_type="multipart/form-data"), 422)
    problem(kites.client().post("/attachments", data={"file": (io.BytesIO(PDF), "a.pdf")}), 401)


# ── linked ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_linked_file_is_shown_with_what_it_belongs_to(kites):
    id = upload(kites, picture()).json["id"]

    kite = built(kites, attachment_ids=[id])

    (shown,) = kites.client(COLLEAGUE).get(f"/kites/{kite['id']}/files").json["attachments"]
    assert shown["id"] == id
    assert fetch(kites, shown["url"]).status_code == 200
    assert rows(kites)[0].estate_id == E1


def test_only_its_uploader_may_link_a_file_and_only_once(kites):
    def link(id, person=PILOT):
        return kites.client(person).post("/kites", {**RED, "attachment_ids": [id]})

    id = upload(kites, picture()).json["id"]

    for answer in (link(id, COLLEAGUE), link(str(new_id()))):
        assert list(problem(answer, 422)["errors"]) == ["attachment_ids"]
    assert link(id).status_code == 201
    assert list(problem(link(id), 422)["errors"]) == ["attachment_ids"]
    assert len(kites.said()) == 1


def test_a_repeated_upload_is_one_file(kites):
    data, key = picture(), {"headers": {"Idempotency-Key": "photo-1"}}

    first, again, other = upload(kites, data, **key), upload(kites, data, **key), upload(kites, PDF, **key)

    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(other, 422)
    assert len(rows(kites)) == 1


# ── fetched ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_opens_one_file_for_ten_minutes(kites):
    one, other = upload(kites, picture()).json, upload(kites, PDF).json
    expires, signature = (part.split("=")[1] for part in urlsplit(one["url"]).query.split("&"))
    operator, mac = signature.split(".")
    path = f"/api/kites/v1/attachments/{one['id']}/content"

    forged = [
        f"{path}?expires={int(expires) + 3600}&signature={signature}",
        f"{path.replace(one['id'], other['id'])}?expires={expires}&signature={signature}",
        f"{path}?expires={expires}&signature={QY.hex}.{mac}",
        f"{path}?expires={expires}&signature={operator}.{'0' * 64}",
        f"{path}?expires={expires}&signature={operator}.é",
        f"{path}?expires={expires}&signature={mac}",
        f"{path}?expires={'9' * 30}&signature={signature}",
        f"{path}?expires=-{'9' * 18}&signature={signature}",
    ]
    assert [fetch(kites, url).status_code for url in forged] == [404] * len(forged)
    problem(fetch(kites, path), 422)

    kites.clock.advance(minutes=9)
    assert fetch(kites, one["url"]).status_code == 200
    kites.clock.advance(minutes=2)
    problem(fetch(kites, one["url"]), 404)


# ── gone ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_nobody_linked_is_gone_after_a_day_and_a_linked_one_stays(kites):
    loose, linked = upload(kites, picture()).json, upload(kites, picture()).json
    built(kites, attachment_ids=[linked["id"]])

    kites.clock.advance(hours=23)
    kites.tick()
    assert len(rows(kites)) == 2

    kites.clock.advance(hours=2)
    problem(kites.client(PILOT).post("/kites", {**RED, "attachment_ids": [loose["id"]]}), 422)
    kites.tick()
    kites.clock.advance(hours=1)
    kites.tick()

    assert [row.id for row in rows(kites)] == [UUID(linked["id"])]
    assert files(kites) == [f"{linked['id']}.jpg"]


def test_a_file_is_never_removed_while_its_row_may_stay(kites):
    id = UUID(upload(kites, picture()).json["id"])
    kites.clock.advance(hours=25)

    with pytest.raises(ZeroDivisionError), kites.work() as work:
        assert attachments.forget_loose_attachments(work) == 1
        attachments.remove_orphan_files(kites.runtime)
        _ = 1 / 0

    assert [row.id for row in rows(kites)] == [id]
    assert files(kites) == [f"{id}.jpg"]


def test_what_a_crash_left_behind_is_removed_once_it_is_settled(kites):
    folder = kites.settings.data_dir / str(HY)
    folder.mkdir(exist_ok=True)
    for name, age in (("old.jpg", 7200), ("fresh.jpg", 0)):
        (folder / name).write_bytes(b"x")
        moment = kites.clock.now().timestamp() - age
        os.utime(folder / name, (moment, moment))

    attachments.remove_orphan_files(kites.runtime)

    assert files(kites) == ["fresh.jpg"]
