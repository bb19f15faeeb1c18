"""Where the user of this process came from by SSH."""

from __future__ import annotations

import os

__all__ = ["ssh_client"]


def ssh_client() -> str:
    """Return the address in SSH_CONNECTION, also an ancestor's: sudo does not pass the variable on."""
    if connection := os.environ.get("SSH_CONNECTION"):
        return connection.split(" ")[0]
    pid = os.getppid()
    try:
        while pid > 1:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                for variable in environment.read().split(b"\0"):
                    if variable.startswith(b"SSH_CONNECTION="):
                        return variable.partition(b"=")[2].split(b" ")[0].decode("ascii", "replace")
            with open(f"/proc/{pid}/stat", "rb") as status:
                pid = int(status.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError):
        return ""  # an ancestor that is gone, or not ours to read
    return ""
