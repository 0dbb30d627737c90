"""Password hashes by argon2id (RFC 9106), a few at a time: each takes 64 MiB."""

from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

_AT_ONCE = 4


class Argon2:
    """The hasher of the product; tests give it less to do."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        """Take the library's recommended cost unless another hasher is given."""
        self._hasher = PasswordHash((hasher or Argon2Hasher(),))
        self._turn = BoundedSemaphore(_AT_ONCE)
        self._decoy = ""

    def hash(self, password: str) -> str:
        """Return a salted hash."""
        with self._turn:
            return self._hasher.hash(password)

    def verify(self, password: str, hashed: str) -> bool:
        """Say whether the hash is of this password."""
        with self._turn:
            try:
                return self._hasher.verify(password, hashed)
            except PwdlibError:
                return False

    def pretend(self, password: str) -> None:
        """Take as long as :meth:`verify`."""
        self._decoy = self._decoy or self.hash("nobody's password")
        self.verify(password, self._decoy)
