# SPDX-License-Identifier: GPL-3.0-or-later
"""A private nginx that serves the very page of configuration that deploy/nginx offers."""

import signal

from support.processes import Process, accepts, free_port, run, start_with_retry

MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/jidgate.conf;
}}
"""


def fill_in(text, places):
    """Replaces each sample value of a page of configuration; fails when the page has lost one."""
    for sample, value in places.items():
        assert sample in text, f"the page does not hold {sample!r}"
        text = text.replace(sample, value)
    return text


class Nginx:
    def __init__(self, folder, authority, page, places, name="app.example.org"):
        """`page` is the path of the configuration, `places` what stands in it for this test."""
        self.folder = folder.sub("nginx")
        self.name = name
        self.ca = authority.certificate
        certificate, key, _ = authority.issue("nginx", name)
        self.page = page.read_text()
        self.places = {
            "/etc/ssl/certs/app.example.org.pem": str(certificate),
            "/etc/ssl/private/app.example.org.key": str(key), **places}
        start_with_retry(self._start)

    def _start(self):
        self.port = free_port()
        places = {"listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
                  "listen [::]:443 ssl;": "", **self.places}
        for name, text in (("jidgate.conf", fill_in(self.page, places)),
                           ("nginx.conf", MAIN.format(folder=self.folder))):
            run(["sh", "-c", 'cat > "$0"', self.folder / name], input=text)
        self.process = Process(
            "nginx", ["nginx", "-e", "stderr", "-p", self.folder, "-c", self.folder / "nginx.conf"],
            self.folder / "log", cwd=self.folder)
        self.process.wait_for(lambda: accepts(self.port), "its port to open")

    def stop(self):
        self.process.stop(signal.SIGQUIT)
