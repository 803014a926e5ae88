"""Attachments: uploaded first, taken by one message, served as downloads."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from support_core.models import Thread
from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def upload(workspace: TestWorkspace, name: str = "a.txt", content: bytes = b"x") -> dict[str, Any]:
    answer = workspace.owner.upload(name, content)
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def test_an_upload_is_described(workspace: TestWorkspace) -> None:
    answer = workspace.owner.upload("Report.PDF", b"%PDF", content_type="application/pdf")
    assert answer.status_int == 201
    assert answer.json["message"] == "Attachment uploaded successfully"
    made = answer.json["data"]
    assert made["name"] == "Report.PDF"
    assert made["content_type"] == "application/pdf"
    assert made["size"] == 4
    assert made["sha256"] == sha256(b"%PDF").hexdigest()
    assert made["url"] == f"/api/support/attachments/{made['id']}/download"
    assert workspace.owner.get(f"/attachments/{made['id']}").json["data"] == made


def test_the_bytes_come_back_as_a_harmless_download(workspace: TestWorkspace) -> None:
    content = b"<script>alert(document.domain)</script>" + bytes(range(256)) * 1000
    answer = workspace.owner.upload("page.html", content, content_type="text/html")
    path = f"/attachments/{answer.json['data']['id']}/download"
    download = workspace.owner.get(path)
    assert download.status_int == 200
    assert download.body == content
    assert download.headers["Content-Length"] == str(len(content))
    assert download.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "X-Request-Id" in download.headers


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\secret.doc", "secret.doc"),
        ("a\u202ecod.exe", "acod.exe"),
        ("x" * 400 + ".txt", None),
        ("...", "attachment"),
        ("naïve ☃.txt", "naïve ☃.txt"),
    ],
)
def test_names_are_made_harmless(workspace: TestWorkspace, sent: str, shown: str | None) -> None:
    name = upload(workspace, sent)["name"]
    assert len(name.encode()) <= 255
    if shown is not None:
        assert name == shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("TEXT/HTML", "text/html"),
        ("nonsense", "text/plain"),
        ("a/b/c", "text/plain"),
    ],
)
def test_the_media_type_is_the_senders_where_it_is_one(
    workspace: TestWorkspace, sent: str, shown: str
) -> None:
    answer = workspace.owner.upload("a.txt", b"x", content_type=sent)
    assert answer.json["data"]["content_type"] == shown


def test_an_empty_file_is_a_file(workspace: TestWorkspace) -> None:
    made = upload(workspace, content=b"")
    assert made["size"] == 0
    assert workspace.owner.get(f"/attachments/{made['id']}/download").body == b""


def test_an_upload_is_taken_by_one_message_only(workspace: TestWorkspace) -> None:
    made = upload(workspace)
    id_ = workspace.conversation(attachment_ids=[made["id"]])["id"]
    again = workspace.owner.post(
        f"/conversations/{id_}/reply", {"body": "x", "attachment_ids": [made["id"]]}
    )
    assert_invalid(again, attachment_ids="The selected attachment ids is invalid.")


def test_what_is_taken_is_known_to_be_taken_in_the_same_transaction(
    workspace: TestWorkspace,
) -> None:
    id_ = workspace.conversation()["id"]
    first, second = upload(workspace, "1.txt")["id"], upload(workspace, "2.txt", b"xyz")["id"]
    with workspace.desk() as desk:
        known = desk.attachments.get(first)
        thread = desk.session.scalars(select(Thread).where(Thread.conversation_id == id_)).one()
        desk.attachments.take([second, first], thread)
        assert known.thread_id == thread.id
        assert [it.id for it in desk.attachments.of_threads([thread.id])[thread.id]] == [
            first,
            second,
        ]
        assert desk.attachments.largest([first, second]) == 3
        assert desk.attachments.largest([]) == 0


def test_attachments_keep_their_order_of_mention_and_count_once(workspace: TestWorkspace) -> None:
    first, second = upload(workspace, "1.txt"), upload(workspace, "2.txt")
    made = workspace.conversation(attachment_ids=[first["id"], second["id"], first["id"]])
    assert [it["name"] for it in made["threads"][0]["attachments"]] == ["1.txt", "2.txt"]


def test_a_reply_with_an_unknown_attachment_stores_nothing(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    before = workspace.owner.get(f"/conversations/{id_}").json
    refused = workspace.owner.post(
        f"/conversations/{id_}/reply",
        {"body": "x", "status": "closed", "attachment_ids": [upload(workspace)["id"], 999_999]},
    )
    assert_invalid(refused, attachment_ids="The selected attachment ids is invalid.")
    assert workspace.owner.get(f"/conversations/{id_}").json == before


@pytest.mark.parametrize(
    ("ids", "field", "sentence"),
    [
        ("1", "attachment_ids", "The attachment ids must be an array."),
        ({"0": 1}, "attachment_ids", "The attachment ids must be an array."),
        ([True], "attachment_ids.0", "The attachment ids.0 must be an integer."),
        ([1, "2"], "attachment_ids.1", "The attachment ids.1 must be an integer."),
        ([None], "attachment_ids.0", "The attachment ids.0 field is required."),
        ([-1], "attachment_ids.0", "The selected attachment ids.0 is invalid."),
        ([10**30], "attachment_ids.0", "The selected attachment ids.0 is invalid."),
        ([1] * 51, "attachment_ids", "The attachment ids must not have more than 50 items."),
    ],
)
def test_attachment_ids_are_a_list_of_ids(
    workspace: TestWorkspace, ids: object, field: str, sentence: str
) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/reply"
    answer = workspace.owner.post(path, {"body": "x", "attachment_ids": ids})
    assert_invalid(answer, **{field: sentence})


def test_another_workspaces_attachment_does_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = upload(other)["id"]
    assert_error(workspace.owner.get(f"/attachments/{theirs}"), 404, "not_found")
    assert_error(workspace.owner.get(f"/attachments/{theirs}/download"), 404, "not_found")
    path = f"/conversations/{workspace.conversation()['id']}/reply"
    assert_invalid(
        workspace.owner.post(path, {"body": "x", "attachment_ids": [theirs]}),
        attachment_ids="The selected attachment ids is invalid.",
    )


def test_a_deleted_conversations_attachments_are_out_of_reach(workspace: TestWorkspace) -> None:
    made = upload(workspace)
    id_ = workspace.conversation(attachment_ids=[made["id"]])["id"]
    workspace.owner.delete(f"/conversations/{id_}")
    assert_error(workspace.owner.get(f"/attachments/{made['id']}"), 404, "not_found")
    assert_error(workspace.owner.get(f"/attachments/{made['id']}/download"), 404, "not_found")
    workspace.owner.post(f"/conversations/{id_}/restore")
    assert workspace.owner.get(f"/attachments/{made['id']}/download").status_int == 200


def test_an_upload_is_a_form_with_a_file(workspace: TestWorkspace) -> None:
    owner, form = workspace.owner, {"Content-Type": "multipart/form-data; boundary=x"}
    assert_error(owner.post("/attachments", {"file": "x"}), 415, "unsupported_media_type")
    broken = owner.post("/attachments", raw=b"x", headers={"Content-Type": "multipart/form-data"})
    assert_error(broken, 400, "invalid_request")
    required = {"file": "The file field is required."}
    assert_invalid(owner.post("/attachments", raw=b"garbage", headers=form), **required)
    text = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nwords\r\n--x--\r\n'
    assert_invalid(
        owner.post("/attachments", raw=text, headers=form), file="The file must be a file."
    )
    named = text.replace(b'"file"', b'"\xff\xfe"; filename="\xff"')
    assert owner.post("/attachments", raw=named, headers=form).status_int in {400, 422}


@pytest.mark.parametrize(
    "headers",
    [
        b"X: y\r\n" * 40_000,
        b"Content-Type: application/x-www-form-urlencoded; charset=nonsense\r\n",
        b"Content-Type: multipart/mixed; boundary=y\r\n",
        b"Content-Length: -5\r\n",
    ],
)
def test_no_form_is_more_than_a_form(workspace: TestWorkspace, headers: bytes) -> None:
    raw = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        + headers
        + b"\r\n--y\r\n%zz\r\n--x--\r\n"
    )
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = workspace.owner.post("/attachments", raw=raw, headers=form)
    if len(headers) > 1000:
        assert_error(answer, 400, "invalid_request")
        return
    assert answer.status_int == 201, answer.text
    path = f"/attachments/{answer.json['data']['id']}/download"
    assert workspace.owner.get(path).body == b"--y\r\n%zz"


def test_a_form_has_few_parts(workspace: TestWorkspace) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"y" * 1100
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    raw = b"\r\n".join([*[part] * 500, b"--x--\r\n"])
    answer = workspace.owner.post("/attachments", raw=raw, headers=form)
    assert_error(answer, 400, "invalid_request")


def test_a_file_over_the_limit_is_refused(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace()
    assert_error(
        workspace.owner.upload("a.bin", b"x" * (8 * 1024 + 1)),
        413,
        "payload_too_large",
        limit=8 * 1024,
    )
    assert_error(workspace.owner.upload("a.bin", b"x" * 200_000), 413, "payload_too_large")
    assert workspace.owner.upload("a.bin", b"x" * 8 * 1024).status_int == 201


def test_viewers_read_and_do_not_upload(workspace: TestWorkspace) -> None:
    made = upload(workspace)
    viewer = workspace.client(user_id=workspace.member("viewer"))
    assert viewer.get(f"/attachments/{made['id']}/download").status_int == 200
    assert_error(
        viewer.upload("a.txt", b"x"), 403, "forbidden", permission="reply_to_conversations"
    )
