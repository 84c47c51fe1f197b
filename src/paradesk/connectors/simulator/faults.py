"""Faults that a test can switch on between the connector and the world. All are off in normal life."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """What goes wrong on the line. The world itself never misbehaves; `Line` reads these."""

    cut: bool = False
    """No connection: nothing gets through in either direction."""
    refuse_sign_in: bool = False
    """Every sign-in is refused, as with a wrong password."""
    latency: float = 0.0
    """Real seconds that each request takes."""
    limit_sends: int = 0
    """So many of the next sends are refused for coming too fast, without being taken."""
    retry_after: float = 0.1
    """Seconds that a refused send is told to wait."""
    lose_answers: int = 0
    """So many of the next sends are taken, and their answers are lost."""
    blank_answers: int = 0
    """So many of the next sends are taken, and their answers do not say what became of them."""
    spoil_downloads: int = 0
    """So many of the next downloads bring a placeholder instead of the file."""
    clock_skew: float = 0.0
    """Seconds by which the service's clock is wrong."""
    drop_sends: int = 0
    """So many of the next sends fail before they leave."""
    disturb: bool = False
    """The stream delivers everything twice and out of order."""
    forget_cursors: bool = False
    """The server does not know any cursor any more, as after a reset."""
