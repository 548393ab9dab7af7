# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority of the test run, and server certificates from it."""

from support.processes import run


class Authority:
    def __init__(self, folder):
        self.folder = folder.sub("ca")
        self.certificate = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=jidgate test authority",
             "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign",
             "-keyout", self.key, "-out", self.certificate])

    def issue(self, name, *domains):
        """Key and certificate for the domains; returns the paths (certificate, key, both in one)."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        certificate, both = self.folder / f"{name}.crt", self.folder / f"{name}.pem"
        extensions = self.folder / f"{name}.ext"
        run(["sh", "-c", 'cat > "$0"', extensions],
            input="subjectAltName=" + ",".join(f"DNS:{domain}" for domain in domains) + "\n"
                  "basicConstraints=CA:FALSE\n")
        run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", f"/CN={domains[0]}", "-keyout", key, "-out", request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
             "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate])
        run(["sh", "-c", 'cat "$1" "$2" > "$0"', both, certificate, key])
        return certificate, key, both
