"""Git over SSH: no program is started here, and no host is talked to that is not known by its key.

Imported when a repository is reached that way: its library takes a while.
"""

import socket
from collections.abc import Sequence
from contextlib import ExitStack, closing
from io import StringIO
from itertools import chain
from typing import Any
from urllib.parse import SplitResult

from dulwich.client import SSHGitClient
from dulwich.errors import GitProtocolError
from paramiko import Channel, ECDSAKey, Ed25519Key, PKey, RSAKey, SSHException, Transport
from paramiko.ssh_exception import AuthenticationException

from shared.gitops.repository import TIMEOUT_SECONDS, RepositoryRefused, RepositoryUnreachable

_KEYS: tuple[type[PKey], ...] = (Ed25519Key, ECDSAKey, RSAKey)
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""How a host proves that a key is its own, where that is not called as the key is."""

_LONGEST_REFUSAL = 1000
"""Bytes."""


def git_over_ssh(url: SplitResult, key: str, host_keys: Sequence[str]) -> SSHGitClient:
    """A client for the host of a URL. ``key`` is a private one, ``host_keys`` are public ones."""
    vendor: Any = _Connections(key, host_keys)
    return SSHGitClient(str(url.hostname), url.port, url.username, vendor=vendor)


class _Connections:
    """What dulwich asks for connections; each runs one command."""

    def __init__(self, key: str, host_keys: Sequence[str]) -> None:
        self._key, self._host_keys = _read(key), [each.split() for each in host_keys]

    def run_command(
        self, host: str, command: bytes, username: str, port: int | None, **_: object
    ) -> "_Connection":
        try:
            with ExitStack() as opened:
                server = socket.create_connection((host, port or 22), TIMEOUT_SECONDS)
                transport = opened.enter_context(closing(Transport(server)))
                connection = _Connection(self._begin(transport, host, username, command))
                opened.pop_all()  # it is closed with the connection
                return connection
        except AuthenticationException:
            raise RepositoryRefused(
                f"{host} does not let {username} in: add the public key of release.deploy.key "
                "there, and let it push"
            ) from None
        except (SSHException, OSError) as error:
            raise RepositoryUnreachable(f"{host} does not answer by SSH: {error}") from error

    def _begin(self, transport: Transport, host: str, user: str, command: bytes) -> Channel:
        kinds = [_SIGNATURES.get(kind, (kind,)) for kind, _ in self._host_keys]
        transport.get_security_options().key_types = tuple(chain.from_iterable(kinds))
        transport.start_client(timeout=TIMEOUT_SECONDS)
        shown = transport.get_remote_server_key()
        if shown.get_base64() not in [value for _, value in self._host_keys]:
            raise RepositoryRefused(
                f"{host} shows another key, {shown.fingerprint}, than release.deploy.host_keys: "
                "find out whether that is really its own before you state it"
            )
        transport.auth_publickey(user, self._key)
        channel = transport.open_session(timeout=TIMEOUT_SECONDS)
        channel.settimeout(TIMEOUT_SECONDS)
        channel.exec_command(command)
        return channel


class _Connection:
    """A command at work over there, as dulwich reads and writes it."""

    def __init__(self, channel: Channel) -> None:
        """Raises GitProtocolError with what it says when it ends instead of beginning to speak."""
        self._channel, self._ahead = channel, channel.recv(1)
        if not self._ahead:
            said = channel.makefile_stderr("rb").read(_LONGEST_REFUSAL).decode(errors="replace")
            raise GitProtocolError(" ".join(said.split()))
        self.write, self.can_read = channel.sendall, channel.recv_ready

    def read(self, size: int) -> bytes:
        """As many bytes, or those before the end."""
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        while len(found) < size and (more := self._channel.recv(size - len(found))):
            found += more
        return found

    def close(self) -> None:
        self._channel.get_transport().close()


def _read(key: str) -> PKey:
    for kind in _KEYS:
        try:
            return kind.from_private_key(StringIO(key))
        except (SSHException, ValueError):
            continue
    raise RepositoryRefused(
        "what release.deploy.key refers to is no private key without a passphrase: store one that "
        "ssh-keygen made, of the type ed25519, ecdsa or rsa"
    )
