"""What else is done when a canned response is sent: a status, tags, a priority."""

from dataclasses import dataclass

from paradesk.core.model import Priority, Status

STATUSES = tuple(status for status in Status if status is not Status.NEW)
"""What a ticket can be set to; no ticket becomes new again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Changes of the ticket that go with a reply. They are shown before they are done, and done after it was accepted."""

    status: Status | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    priority: Priority | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.status or self.add_tags or self.remove_tags or self.priority)

    def then(self, later: "FollowUp") -> "FollowUp":
        """Return both together; where they contradict each other, `later` holds."""
        gone, come = set(later.remove_tags), set(later.add_tags)
        return FollowUp(
            status=later.status or self.status,
            add_tags=tuple(dict.fromkeys((*(tag for tag in self.add_tags if tag not in gone), *later.add_tags))),
            remove_tags=tuple(
                dict.fromkeys((*(tag for tag in self.remove_tags if tag not in come), *later.remove_tags))
            ),
            priority=later.priority or self.priority,
        )

    def words(self) -> tuple[str, ...]:
        """Return what will be done, each as a few words: `set pending`, `add tag refund`, `priority high`."""
        found = [] if self.status is None else [f"set {self.status.value.replace('_', ' ')}"]
        for verb, tags in (("add", self.add_tags), ("remove", self.remove_tags)):
            if tags:
                found.append(f"{verb} tag{'s' if len(tags) > 1 else ''} {', '.join(tags)}")
        if self.priority is not None:
            found.append(f"priority {self.priority.value}")
        return tuple(found)
