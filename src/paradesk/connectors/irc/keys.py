"""Order keys and message ids: from the server where it gives them, and made where it does not."""

import hashlib
import secrets
from collections import OrderedDict

_REMEMBERED = 2_000


class Keys:
    """The order of everything that arrives. It only grows, also across restarts, if it begins with the last key."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self, time_ms: int | None) -> int:
        """Return the key of what arrives now, from the server's time where it tells one."""
        self.last = max(self.last + 1, 0 if time_ms is None else time_ms * 1000)
        return self.last


class Ids:
    """Ids of messages. The same message told again has the same one, wherever the server lets us recognise it."""

    def __init__(self, epoch: str = "") -> None:
        self._epoch = epoch or secrets.token_hex(8)
        self._seen: OrderedDict[str, int] = OrderedDict()

    def of(self, msgid: str, time_ms: int | None, *words: str) -> str:
        """Return the server's id, or one made from what the message is: its time where there is one, who, where, what."""
        if msgid:
            return msgid
        when = self._epoch if time_ms is None else str(time_ms)
        made = hashlib.blake2b("\0".join((when, *words)).encode("utf-8", "replace"), digest_size=12).hexdigest()
        # Somebody may say the same again, at the same time as far as the server's clock can tell.
        times = self._seen[made] = self._seen.pop(made, -1) + 1
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return made if times == 0 else f"{made}.{times}"

    def again(self) -> "Ids":
        """Return ids for a stretch of messages that is told again: equal texts are counted from its beginning."""
        return Ids(self._epoch)
