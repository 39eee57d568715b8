"""A Git repository on a server of its own, as a forge would have it."""

import shlex
import socket
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from dulwich.object_store import commit_tree_changes, tree_lookup_path
from dulwich.objects import Blob, Commit, Tree
from dulwich.protocol import ReceivableProtocol, pkt_line
from dulwich.repo import Repo
from dulwich.server import DictBackend, ReceivePackHandler, UploadPackHandler
from dulwich.web import make_wsgi_chain
from paramiko import Channel, Ed25519Key, PKey, ServerInterface, Transport
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


class Remote:
    """A bare repository with one file, served over HTTP."""

    def __init__(self, folder: Path, path: str, text: str) -> None:
        self.repository = Repo.init_bare(str(folder), mkdir=True, default_branch=b"main")
        self._path = path
        self.url = ""
        self.token: str | None = None
        """What whoever comes has to show, if anything."""
        self.write(text, "First")

    def write(self, text: str, message: str) -> None:
        """As a person would, who pushes."""
        blob = Blob.from_string(text.encode())
        store, path = self.repository.object_store, self._path.encode()
        store.add_object(blob)
        commit, empty = Commit(), Tree()
        commit.tree = commit_tree_changes(store, empty, [(path, 0o100644, blob.id)])
        commit.message = message.encode()
        commit.author = commit.committer = b"Ann <ann@acme.example>"
        commit.author_time = commit.commit_time = 1_700_000_000
        commit.author_timezone = commit.commit_timezone = 0
        head = self.repository.refs.as_dict().get(b"refs/heads/main")
        commit.parents = [head] if head else []
        store.add_object(commit)
        self.repository.refs[b"refs/heads/main"] = commit.id

    def text(self) -> str:
        store, tree = self.repository.object_store, self.commits()[0].tree
        _, id = tree_lookup_path(store.__getitem__, tree, self._path.encode())
        return store[id].as_raw_string().decode()

    def commits(self) -> list[Commit]:
        """Newest first."""
        head = self.repository.refs[b"refs/heads/main"]
        return [entry.commit for entry in self.repository.get_walker(include=[head])]


class Keys:
    """A pair as OpenSSH writes it."""

    def __init__(self) -> None:
        pair = Ed25519PrivateKey.generate()
        self.private = pair.private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        ).decode()
        self.public = (
            pair.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        )
        self.loaded = Ed25519Key.from_private_key(StringIO(self.private))


class SshRemote(Remote):
    """One on an SSH server that is known by one key, and lets another one in."""

    def __init__(self, folder: Path, path: str, text: str) -> None:
        super().__init__(folder, path, text)
        self.host, self.client = Keys(), Keys()
        self.refusal = b""
        """What it says to whoever asks for another repository; in a line that Git reads, or not."""


class Login(ServerInterface):
    """As forges have it: one user, known by a key, and Git's two commands."""

    def __init__(self, remote: SshRemote) -> None:
        self._remote = remote

    def get_allowed_auths(self, *_: object) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        known = username == "git" and key == self._remote.client.loaded
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, *_: object) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: Channel, command: bytes) -> bool:
        threading.Thread(target=self._run, args=(channel, command.decode()), daemon=True).start()
        return True

    def _run(self, channel: Channel, command: str) -> None:
        name, path = shlex.split(command)
        if path != "/fleet.git":
            self._refuse(channel)
            return
        handler = {"git-upload-pack": UploadPackHandler, "git-receive-pack": ReceivePackHandler}
        backend = DictBackend({"/fleet.git": self._remote.repository})
        protocol = ReceivableProtocol(channel.recv, channel.sendall)
        handler[name](backend, [path], protocol).handle()
        channel.send_exit_status(0)
        channel.close()

    def _refuse(self, channel: Channel) -> None:
        # Answered after the command's own answer, which the end of the channel must not overtake.
        channel.get_transport().global_request("answered@localhost")
        said = self._remote.refusal
        if said.startswith(b"ERR "):
            channel.sendall(pkt_line(said))
        else:
            channel.sendall_stderr(said)
        channel.send_exit_status(1)
        channel.close()


@contextmanager
def served_over_ssh(folder: Path, path: str, text: str) -> Iterator[SshRemote]:
    remote = SshRemote(folder, path, text)
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                transport = Transport(listening.accept()[0])
                transport.add_server_key(remote.host.loaded)
                transport.start_server(event=threading.Event(), server=Login(remote))

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    remote.url = f"ssh://git@127.0.0.1:{listening.getsockname()[1]}/fleet.git"
    yield remote
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()
    remote.repository.close()


@contextmanager
def served(folder: Path, path: str, text: str) -> Iterator[Remote]:
    remote = Remote(folder, path, text)
    git = make_wsgi_chain(DictBackend({"/fleet.git": remote.repository}))

    def guarded(environ: Any, start_response: Any) -> Any:
        shown = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Basic ")
        if remote.token and b64decode(shown) != f"signalbox:{remote.token}".encode():
            start_response("401 Unauthorized", [("WWW-Authenticate", "Basic")])
            return [b""]
        return git(environ, start_response)

    with make_server("127.0.0.1", 0, guarded, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        remote.url = f"http://127.0.0.1:{server.server_port}/fleet.git"
        yield remote
        server.shutdown()
        thread.join()
    remote.repository.close()
