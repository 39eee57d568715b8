"""Run a command that ends with its parent and, where asked, not as root.

``python -I -S tether.py PARENT SIGNAL IDENTITY COMMAND...`` changes itself, then becomes COMMAND:
the process id stays the same. It is run by path and imports nothing but the standard library.

IDENTITY is one of

- ``same``: stay who we are;
- ``namespace:UID:GID``: become that account in a user namespace of our own, in which every file of
  the caller stays accessible;
- ``account:UID:GID``: become that account for good, keeping only CAP_DAC_OVERRIDE, so that a Python
  or a checkout below a private folder such as ``/root`` stays readable.
"""

import ctypes
import os
import sys
from pathlib import Path

# linux/prctl.h, linux/sched.h, linux/capability.h
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


def main(parent: int, signal_number: int, identity: str, command: list[str]) -> None:
    """Take on the identity, tie ourselves to the parent, become the command."""
    how, *ids = identity.split(":")
    if how == "namespace":
        enter_namespace(*map(int, ids))
    elif how == "account":
        become_account(*map(int, ids))
    if sys.platform == "linux":
        # After the change of identity: the kernel forgets the signal when credentials change.
        call("prctl", PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The parent ended before its child had started.")
    os.execv(command[0], command)


def enter_namespace(uid: int, gid: int) -> None:
    """Appear as ``uid`` and ``gid`` in a new user namespace."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def become_account(uid: int, gid: int) -> None:
    """Give up root for ``uid`` and ``gid``, but keep reading and writing what root may."""
    call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    kept = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    call("capset", ctypes.byref(header), ctypes.byref(sets))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def call(function: str, *arguments: object) -> None:
    """Call the C library and raise OSError when it refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    wide = (ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments)
    if getattr(libc, function)(*wide) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
