"""The first moments of a PostgreSQL process: give up root, tie its life to ours, become the program.

Run as a script by `cluster`, and not as a `preexec_fn`: running Python between fork and exec is unsafe beside threads.
Arguments: signal, parent's process id, user id, group id (both -1: stay as we are), program, its arguments.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become(number: int, parent: int, user: int, group: int, command: list[str]) -> None:
    """Replace this process by `command`, which Linux sends the signal `number` when `parent` ends, even by kill -9.

    Elsewhere than on Linux the next start finds the orphan and ends it.
    """
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            sys.exit("The process that wanted PostgreSQL is gone.")
    os.execv(command[0], command)


if __name__ == "__main__":
    signal_number, parent_id, user_id, group_id = map(int, sys.argv[1:5])
    become(signal_number, parent_id, user_id, group_id, sys.argv[5:])
