# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door without anybody to ask: a public page, and the question of a proxy, beside nginx
with the same page."""

import os
import re
from pathlib import Path

import programs
from report import Runs, compare
from support import jidgate
from support.processes import Process, accepts, free_port, run as finished, start_with_retry

SECONDS, CONNECTIONS = 3, 64
HOST = "files.verona.test"
PAGE = "/public/index.html"
ASKS = ("/authz/auth-request", f"X-Original-URL: {jidgate.ORIGIN}{PAGE}",
        "X-Original-Method: GET", "X-Forwarded-For: 192.0.2.1")
NGINX = """
daemon off;
pid {folder}/pid;
error_log stderr;
worker_processes auto;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 10000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    server {{ listen 127.0.0.1:{port}; server_name {host}; root {root}; }}
}}
"""
UNITS = {"us": 1, "ms": 1000, "s": 1000000}


def nginx(place):
    folder = place.sub("nginx")

    def start():
        port = free_port()
        configuration = place.write("nginx/nginx.conf", NGINX.format(
            folder=folder, port=port, host=HOST, root=place / "site"))
        process = Process("nginx", ["nginx", "-e", "stderr", "-p", folder, "-c", configuration],
                          place / "nginx.log", cwd=folder)
        return programs.started(process, lambda: port if accepts(port) else None)

    return start_with_retry(start)


def processor_time(pid):
    """Seconds that a process and its children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return ((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            + sum(processor_time(child) for child in children))


def wrk(server, path, *headers):
    used = processor_time(server.pid)
    text = finished(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency",
         *(part for header in (f"Host: {HOST}", *headers) for part in ("-H", header)),
         f"http://127.0.0.1:{server.port}{path}"])
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    latency = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    count = int(re.search(r"^\s+(\d+) requests in", text, re.MULTILINE)[1])
    return {"processor": (processor_time(server.pid) - used) / count * 1e6,
            "rate": float(re.search(r"^Requests/sec:\s+([\d.]+)$", text, re.MULTILINE)[1]),
            "p99": float(latency[1]) * UNITS[latency[2]]}


def run(rounds):
    page, asks, theirs = Runs(), Runs(), Runs()
    with programs.folder("gate") as place:
        # No XMPP server: nobody is asked, and the daemon's attempts to reach one cost nothing.
        daemon = programs.daemon(place, free_port())
        other = None
        try:
            other = nginx(place)
            for _ in range(rounds):
                page.add(wrk(daemon, PAGE))
                asks.add(wrk(daemon, *ASKS))
                theirs.add(wrk(other, PAGE))
        finally:
            for started in (daemon, other):
                if started:
                    started.stop()
    baselines = {"nginx": theirs}
    compare("gate.page", "rate", "1/s", page, baselines)
    compare("gate.page-p99", "p99", "us", page, baselines)
    compare("gate.page-processor-time", "processor", "us", page, baselines)
    compare("gate.auth-request", "rate", "1/s", asks, baselines, promise=40000)
    compare("gate.auth-request-p99", "p99", "us", asks, baselines, promise=2000)
    compare("gate.auth-request-processor-time", "processor", "us", asks, baselines)
