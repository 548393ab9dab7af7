# SPDX-License-Identifier: GPL-3.0-or-later
"""What real clients answer, shape by shape: tests/vectors/confirm-answers.tsv through the daemon."""

import csv
from pathlib import Path

import pytest

from support.confirm import ORCHARD, PAGE, ROMEO, asked, is_question

TID = "a7374jnjlalasdf82"
VECTORS = Path(__file__).parent.parent / "vectors" / "confirm-answers.tsv"


def rows():
    with open(VECTORS, encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(table) > 30
    return table


def chosen(*outcomes):
    """The rows whose outcome begins with one of these words."""
    found = [row for row in rows() if row["expected outcome"].split(":")[0] in outcomes]
    return pytest.mark.parametrize(
        "row", found, ids=[f"{row['name']}-{row['asked-by']}" for row in found])


def test_every_row_is_driven():
    known = {"accept", "deny", "pending", "unreachable", "no-grant"}
    assert {row["expected outcome"].split(":")[0] for row in rows()} <= known


async def put(server, http, row):
    """Asks as the row says and returns the request under way and the question."""
    jid = ORCHARD if row["asked-by"] == "iq" else ROMEO
    answer = http.get(PAGE, auth=(jid, TID))
    return answer, await asked(server, jid, TID)


async def next_request_works(server, http):
    """Nothing hangs, and what was answered before answers nothing else."""
    answer = http.get(PAGE, auth=(ORCHARD, "another"))
    question = await asked(server, ORCHARD, "another")
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def only_notices(server):
    """What may come after an answer that counts for nothing: a word to the person, no question."""
    found = await server.passed()
    assert not any(is_question(stanza) for stanza in found)
    return found


@chosen("accept")
async def test_accepts(server, jidgate, browse, row):
    http = browse(await jidgate(server))
    answer, question = await put(server, http, row)
    server.sends(question.fill(row["stanza XML"]))
    assert (await answer).status == 200
    assert len(await only_notices(server)) <= 1
    await next_request_works(server, http)


@chosen("deny")
async def test_denies(server, jidgate, browse, row):
    http = browse(await jidgate(server))
    answer, question = await put(server, http, row)
    server.sends(question.fill(row["stanza XML"]))
    assert (await answer).status == 403
    assert not await only_notices(server)


@chosen("pending")
async def test_is_no_answer_and_uses_nothing_up(server, jidgate, browse, row):
    http = browse(await jidgate(server))
    answer, question = await put(server, http, row)
    server.sends(question.fill(row["stanza XML"]))
    await only_notices(server)
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200


@chosen("unreachable")
async def test_is_not_reached(server, jidgate, browse, row):
    http = browse(await jidgate(server, {"confirm": {"unreachable": "answer"}}))
    answer, question = await put(server, http, row)
    server.sends(question.fill(row["stanza XML"]))
    got = await answer
    assert got.status == 401
    assert got.all("WWW-Authenticate")


@chosen("no-grant")
async def test_comes_too_late(server, jidgate, browse, row):
    http = browse(await jidgate(server, {"confirm": {"timeout": "1s"}}))
    answer, question = await put(server, http, row)
    assert (await answer).status == 401
    server.sends(question.fill(row["stanza XML"]))
    assert len(await only_notices(server)) <= 1
    # The same credentials once more: the person is asked anew, so nothing was granted.
    again = http.get(PAGE, auth=(question.stanza.get("to"), TID))
    second = await asked(server, question.stanza.get("to"), TID)
    assert second.id != question.id
    assert not again.done()
    server.sends(second.denied())
    assert (await again).status == 403
