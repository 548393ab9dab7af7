# SPDX-License-Identifier: GPL-3.0-or-later
"""Client certificates made by the real openssl."""

import base64
import hashlib
import ssl

from support.processes import run

# How people have been told to make a certificate for Prosody's mod_client_certs, and still are.
RECIPE = """\
[req]
prompt = no
x509_extensions = v3_extensions
req_extensions = v3_extensions
distinguished_name = distinguished_name

[v3_extensions]
extendedKeyUsage = clientAuth
keyUsage = digitalSignature,keyEncipherment
basicConstraints = CA:FALSE
subjectAltName = @subject_alternative_name

[subject_alternative_name]
otherName.0 = 1.3.6.1.5.5.7.8.5;FORMAT:UTF8,UTF8:{jid}

[distinguished_name]
commonName = {name}
emailAddress = {jid}
"""

# What `openssl ca` wants to have before it gives a certificate any dates.
DATED = """\
[ca]
default_ca = self
[self]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = policy
unique_subject = no
[policy]
commonName = supplied
[extensions]
extendedKeyUsage = clientAuth
basicConstraints = CA:FALSE
subjectAltName = otherName:1.3.6.1.5.5.7.8.5;UTF8:{jid}
"""


class ClientCertificate:
    def __init__(self, path, key=None):
        self.path, self.key = path, key
        pem = path.read_text()
        self.der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE"):].strip())
        self.base64 = base64.b64encode(self.der).decode()
        self.sha256 = hashlib.sha256(self.der).hexdigest()


class Maker:
    """Makes them in a folder of its own: `romeos = Maker(folder).make("romeo@verona.test")`."""

    def __init__(self, folder):
        self.folder = folder.sub("client")
        self.made = 0

    def _directory(self):
        self.made += 1
        directory = self.folder / str(self.made)
        run(["mkdir", directory])
        return directory

    def _put(self, path, text):
        run(["sh", "-c", 'cat > "$0"', path], input=text)

    def by_the_recipe(self, jid, name="Your Name"):
        directory = self._directory()
        self._put(directory / "client.cnf", RECIPE.format(jid=jid, name=name))
        for command in (
                "openssl genrsa -out client.key 4096",
                "openssl req -key client.key -new -out client.req -config client.cnf "
                "-extensions v3_extensions",
                "openssl x509 -req -days 365 -in client.req -signkey client.key -out client.crt "
                "-extfile client.cnf -extensions v3_extensions"):
            run(command.split(), cwd=directory)
        return ClientCertificate(directory / "client.crt", directory / "client.key")

    def make(self, jid, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), digest="sha256"):
        """For this address, or for none; self-signed, as the recipe has it, made at once."""
        directory = self._directory()
        address = ["-addext", f"subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:{jid}"] if jid else []
        run(["openssl", "req", "-x509", "-newkey", *key, f"-{digest}", "-nodes", "-days", "30",
             "-subj", "/CN=client", "-addext", "extendedKeyUsage=clientAuth",
             "-addext", "basicConstraints=critical,CA:FALSE", *address,
             "-keyout", directory / "client.key", "-out", directory / "client.crt"])
        return ClientCertificate(directory / "client.crt", directory / "client.key")

    def dated(self, jid, start, end):
        """Valid between these, written YYYYMMDDHHMMSSZ."""
        directory = self._directory()
        self._put(directory / "ca.cnf", DATED.format(jid=jid))
        self._put(directory / "index.txt", "")
        self._put(directory / "serial", "01\n")
        run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=client", "-keyout", "client.key", "-out", "client.req"],
            cwd=directory)
        run(["openssl", "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-in", "client.req",
             "-keyfile", "client.key", "-startdate", start, "-enddate", end, "-notext",
             "-extensions", "extensions", "-out", "client.crt"], cwd=directory)
        return ClientCertificate(directory / "client.crt", directory / "client.key")

    def authority(self):
        """An authority that signs certificates of clients."""
        return ClientAuthority(self, self._directory())


class ClientAuthority:
    def __init__(self, maker, directory):
        self.maker, self.directory = maker, directory
        self.certificate, self.key = directory / "ca.pem", directory / "ca.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN=client authority {directory.name}",
             "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign",
             "-keyout", self.key, "-out", self.certificate])

    def sign(self, jid):
        directory = self.maker._directory()
        self.maker._put(directory / "client.ext", RECIPE.format(jid=jid, name="client"))
        run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=client", "-keyout", "client.key", "-out", "client.req"],
            cwd=directory)
        run(["openssl", "x509", "-req", "-in", "client.req", "-CA", self.certificate,
             "-CAkey", self.key, "-CAcreateserial", "-days", "2", "-extfile", "client.ext",
             "-extensions", "v3_extensions", "-out", "client.crt"], cwd=directory)
        return ClientCertificate(directory / "client.crt", directory / "client.key")
