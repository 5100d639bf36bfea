"""One child process of the demo: its own session, its log in a file, and an end that does not depend on us.

Three things make a child safe to leave alone:

- It has its own session, so a Ctrl-C at the terminal reaches the supervisor only, which then stops all in
  order.
- We keep the Popen of the server itself, never of a starter that leaves a daemon behind, so we reap it. In
  many containers process 1 reaps nobody, and a zombie looks alive to whoever only asks for its process id.
- The kernel signals it when we die, even by SIGKILL (prctl(2), PR_SET_PDEATHSIG). A pipe to watch would ask
  every program to watch it, and PostgreSQL and Mosquitto do not. Linux ties that signal to the *thread* that
  started the child, so it is asked for in the main thread only; a child started elsewhere must be stopped by
  its owner.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gateway.demo.account import Account
from gateway.demo.errors import ChildDiedError

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_prctl: Callable[..., int] | None = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_POLL_S = 0.02


def _die_with(parent: int, ending: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec. After the change of user: that change would clear the
    request.
    """

    def ask() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(ending))
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return ask


class Child:
    """A running child process.

    Args:
        name: for messages.
        command: program and arguments.
        log: file that receives its output, started afresh.
        ending: the signal that means "stop cleanly" to this program.
        account: whom to run as; None for ourselves.
        environment: the child's whole environment; None for ours.
        output: where its standard output goes instead of the log (a file descriptor, or ``subprocess.PIPE``).
        orders: where its standard input comes from, likewise; nothing unless told otherwise.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        ending: signal.Signals = signal.SIGTERM,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        output: int | None = None,
        orders: int = subprocess.DEVNULL,
    ) -> None:
        self.name = name
        self.log = log
        self._ending = ending
        in_main_thread = threading.current_thread() is threading.main_thread()
        with log.open("wb") as sink:
            self.process = subprocess.Popen(  # noqa: S603 - the demo's own programs, no shell
                command,
                stdin=orders,
                stdout=sink if output is None else output,
                stderr=sink,
                cwd=directory,
                env=environment,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                umask=0o077 if account else -1,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), ending) if in_main_thread else None,
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def last_lines(self, count: int = 12) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except FileNotFoundError:  # somebody cleared the directory; the message that needs us matters more
            return ""

    def died(self) -> ChildDiedError:
        """The error for a child that ended by itself."""
        code = self.process.poll()
        how = f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"
        return ChildDiedError(self.name, f"ended {how}", self.last_lines())

    def wait_ready(self, ready: Callable[[], bool], within_s: float) -> None:
        """Poll until ``ready`` is true.

        Raises:
            ChildDiedError: if the process ends first, or is not ready within the time.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            if not self.running:
                raise self.died()
            if time.monotonic() > deadline:
                raise ChildDiedError(self.name, f"was not ready within {within_s:g} s", self.last_lines())
            time.sleep(_POLL_S)

    def wait_end(self, within_s: float) -> None:
        """Wait until it has ended by itself, with exit code 0.

        Raises:
            ChildDiedError: if the code is another, or it does not end within the time; it is killed then.
        """
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise ChildDiedError(self.name, f"did not end within {within_s:g} s", self.last_lines()) from None
        finally:
            self.kill()
        if code != 0:
            raise self.died()

    def ask_to_stop(self) -> None:
        """Send the signal for a clean stop, and return at once."""
        self.signal(self._ending)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        with suppress(ProcessLookupError):  # it ended in between, which is what signals are mostly sent for
            self.process.send_signal(number)

    def stop(self, within_s: float) -> int:
        """Stop it cleanly, and by SIGKILL (its whole session) if it does not follow in time. Returns its exit
        code.
        """
        self.ask_to_stop()
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL to it and to what it started, and wait for the end."""
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self.process.wait()
