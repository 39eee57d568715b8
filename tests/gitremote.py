"""A Git repository on a server of its own, as a forge would have it."""

import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from dulwich.object_store import commit_tree_changes, tree_lookup_path
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain


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
