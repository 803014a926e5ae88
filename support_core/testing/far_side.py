"""What the conformance kit asks of a plugin's author: to play the other side of the channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .workspace import TestWorkspace


@dataclass(frozen=True)
class Incoming:
    """A message a customer sends.

    ``id`` is the provider's id of it and ``sender`` a number that stands for a person: the author
    makes an address of it. ``conversation_id`` is the conversation it continues, for channels
    whose messages say so. ``attachments`` are pairs of name and content.
    """

    id: str
    sender: int
    body: str
    conversation_id: int | None = None
    attachments: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True)
class Attempt:
    """An attempt to deliver a reply, as the other side saw it, refused or not.

    ``message_id`` is what the other side can tell repeats by.
    """

    message_id: str
    body: str
    attachments: tuple[str, ...] = ()


class FarSide(ABC):
    """The other side of a channel: the customers, and the provider between them and us.

    ``refuses`` is False where nobody can refuse a reply, because customers read it here with us.
    """

    refuses: ClassVar[bool] = True

    @abstractmethod
    def mailbox(self, workspace: TestWorkspace) -> int:
        """Create a mailbox that the channel can work with, and return its id."""

    @abstractmethod
    def identity(self, sender: int) -> Mapping[str, str]:
        """Return the fields of the customer that ``sender`` must become: email or phone."""

    @abstractmethod
    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        """Make a message arrive the way it does in earnest, and fail if it is not accepted."""

    @abstractmethod
    def attempts(self) -> Sequence[Attempt]:
        """Return every attempt the other side has seen, in order."""

    @abstractmethod
    def refuse_next(self, *, permanent: bool) -> str:
        """Refuse the next attempt, for now or for good; return words the error must contain."""

    def close_window(self, workspace: TestWorkspace, mailbox_id: int, conversation_id: int) -> bool:
        """Bring about that the conversation takes no replies; False where nothing can."""
        del workspace, mailbox_id, conversation_id
        return False

    def break_health(self, workspace: TestWorkspace, mailbox_id: int) -> bool:
        """Bring about that the health check fails in this workspace; False where nothing can."""
        del workspace, mailbox_id
        return False
