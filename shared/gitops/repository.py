"""One file of a branch in a remote Git repository, changed by commits. Nothing is kept here.

Imported when an environment is deployed by Git: its library takes a while.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TypeVar
from urllib.parse import urlsplit

from dulwich.client import HttpGitClient, HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository, SendPackError
from dulwich.object_store import commit_tree_changes, tree_lookup_path
from dulwich.objects import Blob, Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo
from urllib3.exceptions import HTTPError

from shared.errors import PermanentError, TemporaryError

TRIES = 5
"""How often a commit is made anew because somebody else was first."""

TIMEOUT_SECONDS = 20

T = TypeVar("T")

_NOT_OURS = re.compile("not (be )?found|not exist|not appear to be|denied|marked as read only")
"""What servers say, each in its own words, of a repository that no retry will open to us: over SSH
there is no number that tells it from a server that is out of order."""

AUTHOR = b"Signalbox <signalbox@localhost>"


class RepositoryRefused(PermanentError):
    """The Git repository does not let us in, or has no such branch or file."""


class Overtaken(TemporaryError):
    """Others push to the branch all the time, or it is protected."""


class RepositoryUnreachable(TemporaryError):
    """The Git repository does not answer."""


class Repository:
    """A branch, read and changed over HTTP or SSH; each change is fetched, made and pushed anew."""

    def __init__(
        self, url: str, branch: str, user: str, secret: str | None, host_keys: Sequence[str] = ()
    ) -> None:
        """``secret`` is a token, or the private key for a ``ssh`` URL, which names its user."""
        parts = urlsplit(url)
        self._url, self._path = url, parts.path
        self._client = (
            import_module("shared.gitops.ssh").git_over_ssh(parts, secret, host_keys)
            if parts.scheme == "ssh"
            else HttpGitClient(
                f"{parts.scheme}://{parts.netloc}/",
                username=user if secret else None,
                password=secret,
                timeout=TIMEOUT_SECONDS,
            )
        )
        self._ref = Ref(f"refs/heads/{branch}".encode())

    def read(self, path: str) -> str:
        """A file at the branch's head. Raises RepositoryRefused, RepositoryUnreachable."""
        repository = MemoryRepo()
        return self._text(repository, self._fetch(repository), path)

    def change(self, path: str, change: Callable[[str], str], message: str, *, at: int) -> str:
        """Commit a change of a file on top of whatever the branch is now; returns the commit.

        A change that changes nothing is no commit: the head is returned. ``at`` is the time in
        seconds since 1970. Raises Overtaken as well.
        """
        for _ in range(TRIES):
            repository = MemoryRepo()
            head = self._fetch(repository)
            before = self._text(repository, head, path)
            after = change(before)
            if after == before:
                return head.decode()
            commit = _commit(repository, head, path, after, message, at)
            if self._push(repository, head, commit):
                return commit.decode()
        raise Overtaken(f"{self._url}: {TRIES} pushes to {self._ref.decode()} were refused")

    def _fetch(self, repository: MemoryRepo) -> ObjectID:
        """The branch's head, with its commit and files but not with what was before it."""
        found = self._asked(
            lambda: self._client.fetch(
                self._path,
                repository,
                lambda refs, depth=None: [refs[self._ref]] if self._ref in refs else [],  # noqa: ARG005
                depth=1,
            )
        )
        head = found.refs.get(self._ref)
        if head is None:
            raise RepositoryRefused(f"{self._url} has no branch {self._ref.decode()}")
        return head

    def _push(self, repository: MemoryRepo, head: ObjectID, commit: ObjectID) -> bool:
        """Whether the branch was still what it was, and is the commit now."""

        def update(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            return {self._ref: commit if refs.get(self._ref) == head else refs[self._ref]}

        try:
            pushed = self._asked(
                lambda: self._client.send_pack(
                    self._path.encode(),
                    update,
                    # Nothing is known of what was before the head.
                    partial(repository.object_store.generate_pack_data, shallow={head}),
                )
            )
        except SendPackError:
            return False
        refused = (pushed.ref_status or {}).get(self._ref)
        return pushed.refs.get(self._ref) == commit and refused is None

    def _text(self, repository: MemoryRepo, head: ObjectID, path: str) -> str:
        commit = repository[head]
        assert isinstance(commit, Commit), head
        try:
            _, id = tree_lookup_path(repository.__getitem__, commit.tree, path.encode())
        except KeyError:
            raise RepositoryRefused(f"{self._url} has no file {path}") from None
        found = repository[id]
        assert isinstance(found, Blob), path
        return found.data.decode()

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (HTTPUnauthorized, NotGitRepository) as error:
            raise RepositoryRefused(
                f"{self._url} does not let us in ({type(error).__name__}): check its URL and the "
                "token, which must be allowed to push"
            ) from None
        except SendPackError:
            raise
        except (HTTPError, GitProtocolError, OSError) as error:
            if isinstance(error, GitProtocolError) and _NOT_OURS.search(str(error)):
                raise RepositoryRefused(
                    f"{self._url} is not there or not ours: check its URL, and that the key may "
                    f"push there: {error}"
                ) from None
            raise RepositoryUnreachable(
                f"{self._url} does not answer: {type(error).__name__}"
            ) from None


def _commit(
    repository: MemoryRepo, head: ObjectID, path: str, text: str, message: str, at: int
) -> ObjectID:
    before = repository[head]
    assert isinstance(before, Commit), head
    blob = Blob.from_string(text.encode())
    mode, _ = tree_lookup_path(repository.__getitem__, before.tree, path.encode())
    repository.object_store.add_object(blob)
    commit = Commit()
    commit.tree = commit_tree_changes(
        repository.object_store, before.tree, [(path.encode(), mode, blob.id)]
    )
    commit.parents = [head]
    commit.author = commit.committer = AUTHOR
    commit.author_time = commit.commit_time = at
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = message.encode()
    repository.object_store.add_object(commit)
    return commit.id
