# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does: check, reload, stop; and what the log says and does not say."""

import asyncio
import re
import subprocess
import time
from pathlib import Path

from support.confirm import ORCHARD, PAGE, ROMEO, asked
from support.jidgate import ORIGIN, binary
from support.jidgate import PAGE as CONTENT
from support.waiting import until
from support.web import Connection

README = Path(__file__).parents[2] / "README.md"
TID = "a7374jnjlalasdf82"


async def test_a_reload_applies_and_drops_nobody(server, jidgate, browse):
    """SIGHUP: rules and limits change while a person thinks."""
    gate = await jidgate(server)
    http = browse(gate)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    assert (await http.get("/other.html")).status == 401
    gate.settings["rule.files.2"] = {"path": "/other.html", "mode": "bypass"}
    gate.settings["confirm"]["per-account"] = "2"
    gate.reload()
    await gate.logged("config.reloaded")
    assert (await http.get("/other.html")).status == 200
    second = http.get(PAGE, auth=(ORCHARD, "second"))
    other = await asked(server, ORCHARD, "second")
    assert not answer.done()
    server.sends(question.confirmed() + other.confirmed())
    assert (await answer).status == 200
    assert (await second).status == 200


async def test_a_broken_file_changes_nothing(server, jidgate, browse):
    """The old configuration stays whole: what is right in the new file is not applied either."""
    gate = await jidgate(server)
    gate.expects("config.fault", "config.reload_failed")
    http = browse(gate)
    gate.settings["rule.files.2"] = {"path": "/other.html", "mode": "bypass"}
    gate.settings["confirm"]["timeout"] = "soon"
    gate.reload()
    await gate.logged("config.reload_failed")
    assert (await http.get("/other.html")).status == 401
    gate.settings["confirm"]["timeout"] = "20s"
    gate.reload()
    await gate.logged("config.reloaded")
    assert (await http.get("/other.html")).status == 200


async def test_all_faults_are_said_at_once(server, jidgate):
    """`check` and `serve` end with 2 and name file, key, reason for each."""
    gate = await jidgate(server)
    gate.settings["confirm"]["timeout"] = "soon"
    gate.settings["http"]["workers"] = "many"
    gate.settings["site.files"]["mode"] = "maybe"
    gate.settings["xmpp"]["colour"] = "red"
    gate.write_configuration()
    for command in ("check", "serve"):
        done = gate.command(command)
        assert done.returncode == 2, done.stdout
        for key in ("confirm.timeout", "http.workers", "site.files.mode", "xmpp.colour"):
            assert key in done.stdout, done.stdout
        assert str(gate.configuration) in done.stdout


async def test_check_reads_what_the_files_hold(server, jidgate, folder):
    """Better here than as a link that never comes up."""
    gate = await jidgate(server)
    gate.settings["xmpp"]["tls"] = "on"
    gate.settings["xmpp"]["tls-ca"] = str(folder.write("ca.pem", "no certificate"))
    gate.write_configuration()
    done = gate.command("check")
    assert done.returncode == 2, done.stdout
    assert "xmpp.tls-ca: " in done.stdout


async def test_the_smallest_configuration_of_the_readme_is_valid(folder):
    """What somebody copies from there has to work."""
    text = re.search(r"```ini\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    for name, content in (("component.secret", "s3cr3t-of-the-test"),
                          ("database.url", "postgresql://jidgate_service@127.0.0.1/jidgate")):
        assert f"/etc/jidgate/{name}" in text
        text = text.replace(f"/etc/jidgate/{name}", str(folder.write(name, content)))
    path = folder.write("jidgate.conf", text, mode=0o640)
    done = subprocess.run([binary(), "check", "--config", path], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


async def test_sigterm_answers_who_waits(server, jidgate, browse):
    """The listener closes at once, each waiting request gets 503, and the daemon leaves with 0."""
    gate = await jidgate(server)
    http = browse(gate)
    answer = http.get(PAGE, auth=(ROMEO, TID))
    await asked(server, ROMEO, TID)
    began = time.monotonic()
    gate.ask_to_end()
    got = await answer
    assert got.status == 503
    assert got.header("Retry-After")
    assert await asyncio.to_thread(gate.process.popen.wait, 10) == 0
    assert time.monotonic() - began < 10
    assert not server.connected()


async def test_sighup_does_not_cut_the_stop_short(server, jidgate):
    """Somebody reloads while it stops: records and farewells go out all the same."""
    gate = await jidgate(server)
    server.freeze()  # it never closes its stream, so the stop takes its time
    gate.ask_to_end()
    await gate.logged("daemon.stopping")
    gate.reload()
    assert await asyncio.to_thread(gate.process.popen.wait, 10) == 0
    assert gate.events()[-1]["event"] == "daemon.stopped"


async def test_secrets_are_not_logged(server, jidgate, browse):
    """XEP-0070 1.0.2 section 6.4: what arrives as transaction identifier may be somebody's password.
    At the most talkative level too."""
    gate = await jidgate(server, {"log": {"level": "debug"}})
    http = browse(gate)
    for end in ("confirmed", "denied"):
        answer = http.get(PAGE + "?token=hidden-query", auth=(ORCHARD, f"my-password-{end}"))
        question = await asked(server, ORCHARD, f"my-password-{end}",
                               url=f"{ORIGIN}{PAGE}?token=hidden-query")
        server.sends(getattr(question, end)())
        await answer
    log = gate.process.log()
    assert "my-password" not in log
    assert "hidden-query" not in log
    assert server.secret not in log
    assert CONTENT.decode() not in log


async def test_metrics_count_what_happened(server, jidgate, browse):
    """No account is ever a label."""
    gate = await jidgate(server)
    http = browse(gate)
    for number, end in enumerate(("confirmed", "denied", "confirmed")):
        answer = http.get(PAGE, auth=(ORCHARD, f"code-{number}"),
                          headers=[("X-Forwarded-For", f"192.0.2.{number}")])
        server.sends(getattr(await asked(server, ORCHARD, f"code-{number}"), end)())
        await answer
    admin = browse(gate.admin_port)
    body = (await admin.get("/metrics")).body.decode()
    assert "romeo" not in body
    lines = [line for line in body.splitlines() if line.startswith("jidgate_confirmations_total")]
    counts = {outcome: sum(float(line.rsplit(" ", 1)[1]) for line in lines
                           if f'"{outcome}"' in line)
              for outcome in ("confirmed", "denied", "expired")}
    assert (counts["confirmed"], counts["denied"], counts["expired"]) == (2, 1, 0)


async def test_the_front_listener_knows_no_admin_paths(server, jidgate, browse):
    """/metrics and /readyz are the admin listener's alone."""
    http = browse(await jidgate(server))
    for path in ("/metrics", "/readyz", "/healthz"):
        assert (await http.get(path)).status in (401, 404)


async def test_an_unknown_host_has_no_site(server, jidgate, browse):
    http = browse(await jidgate(server))
    got = await http.get(PAGE, auth=(ORCHARD, TID), host="elsewhere.test")
    assert got.status in (404, 421)
    await server.receives_nothing()


async def test_idle_connections_cost_nobody_anything(server, jidgate, browse):
    """A hundred people wait and a hundred connections say nothing: others are served, without a
    thread for each."""
    gate = await jidgate(server)
    http = browse(gate)
    before = threads(gate)
    silent = [await Connection.open(gate.port) for _ in range(100)]
    waiting = []
    questions = []
    for number in range(100):
        jid = f"person{number}@verona.test/x"
        waiting.append(http.get(PAGE, auth=(jid, TID)))
        questions.append(await asked(server, jid, TID))
    assert (await http.get("/public/index.html")).status == 200
    assert threads(gate) == before
    server.sends("".join(question.confirmed() for question in questions))
    for answer in waiting:
        assert (await answer).status == 200
    for connection in silent:
        connection.close()
    await until(lambda: gate.process.running(), "the daemon to run still")


def threads(gate):
    with open(f"/proc/{gate.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
