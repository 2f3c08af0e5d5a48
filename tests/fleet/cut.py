"""A line between a worker and its database that can be cut: nothing passes any more, and nobody is told."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Line:
    """Passes on what comes to `port` to another port of this machine, while it is whole. Use it as a context manager."""

    target: int
    _whole: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._whole.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]

    def cut(self) -> None:
        """From now on nothing passes, in either direction; connections stay, and new ones are taken and lead nowhere."""
        self._whole.clear()

    def mend(self) -> None:
        """What was held up passes, and all that comes after it."""
        self._whole.set()

    def _take(self) -> None:
        with suppress(OSError):
            while not self._over.is_set():
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                self._sockets += [near, far]
                threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, suppress(OSError, ValueError):
            while not self._over.is_set():
                ready, _, _ = select.select([near, far], [], [], 0.2)
                for one in ready:
                    self._whole.wait()
                    piece = one.recv(1 << 16)
                    if not piece:
                        return
                    (far if one is near else near).sendall(piece)

    def __enter__(self) -> Line:
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._whole.set()
        self._door.close()
        for one in self._sockets:
            one.close()
