"""A real IMAP server on loopback with a mailbox of its own: Dovecot, with its whole state in one folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from imapclient import IMAPClient

from tests.channels.fake_mail import free_port

PASSWORD = "geheim-4711"
USER = "desk"
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
"""


class Dovecot:
    """The server. `tls`, `plain`: its ports; `ca`: the file of the authority that its certificate is of."""

    def __init__(self) -> None:
        program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
        if program is None:
            pytest.skip("dovecot is not installed")
        if os.getuid() != 0:
            pytest.skip("dovecot is started by root alone: it gives its parts users of their own")
        self._folder = Path(tempfile.mkdtemp(prefix="imap-"))
        self.tls, self.plain, self.ca = free_port(), free_port(), str(self._folder / "ca.pem")
        config = self._written()
        self._process = subprocess.Popen([program, "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
        self._until_ready()

    def _written(self) -> Path:
        folder = self._folder
        authority = trustme.CA()
        made = authority.issue_cert("localhost", "mail.example.com")
        authority.cert_pem.write_to_path(self.ca)
        made.private_key_pem.write_to_path(folder / "key.pem")
        (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
        owner = pwd.getpwnam("nobody")
        for name in ("mail", "home"):
            (folder / name).mkdir()
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
        text = CONFIG.format(
            folder=folder,
            plain=self.plain,
            tls=self.tls,
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
        )
        config = folder / "dovecot.conf"
        config.write_text(text, encoding="utf-8")
        return config

    def _until_ready(self) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self._folder / "log").read_text(encoding="utf-8"))

    def client(self) -> IMAPClient:
        """A session that may change the mailbox."""
        client = IMAPClient("127.0.0.1", self.plain, ssl=False, timeout=20)
        client.login(USER, PASSWORD)
        client.normalise_times = False
        return client

    def fill(self, folder: str, *mails: tuple[float, bytes]) -> None:
        """Appends mails with the instants at which they arrived; makes the folder."""
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for at, raw in mails:
                client.append(folder, raw, msg_time=datetime.fromtimestamp(at, UTC))

    def flags(self, folder: str) -> list[bool]:
        """Whether each mail of a folder is seen."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["FLAGS"])
            return [b"\\Seen" in found[uid][b"FLAGS"] for uid in sorted(found)]

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)
