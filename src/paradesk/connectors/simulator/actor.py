"""A customer who follows a scenario: reads, types, answers what they are told, waits, gets impatient, leaves."""

import random
from collections import deque
from collections.abc import Iterable

from paradesk.connectors.simulator.files import make_file
from paradesk.connectors.simulator.people import GREETINGS, Person
from paradesk.connectors.simulator.scenario import Line, Rule, Scenario, State, Text, filled, wording
from paradesk.connectors.simulator.speech import contains, understand
from paradesk.connectors.simulator.timeline import Happening
from paradesk.connectors.simulator.world import World
from paradesk.core.model import ConversationId, Message, MessageId, Status, Visibility

DEFAULT_NUDGES: Text = {
    "en": ("Hello? Is anyone there?", "I am still waiting…"),
    "de": ("Hallo? Ist da jemand?", "Ich warte immer noch …"),
}
DEFAULT_GOODBYE: Text = {
    "en": ("I can't wait any longer. I will try another time.",),
    "de": ("Ich kann nicht länger warten. Ich versuche es ein andermal.",),
}
DEFAULT_UNSURE: Text = {
    "en": ("Sorry, I don't quite follow. What do you need from me?", "Hm, what does that mean for me?"),
    "de": ("Entschuldigung, das verstehe ich nicht ganz. Was brauchen Sie von mir?", "Hm, was heißt das für mich?"),
}
DEFAULT_THANKS: Text = {
    "en": ("Great, thank you for your help!", "Thanks, that's all. Bye!"),
    "de": ("Super, vielen Dank für Ihre Hilfe!", "Danke, das war alles. Tschüss!"),
}
DEFAULT_STILL_ANGRY: Text = {
    "en": ("Why is this marked as solved? Nothing is solved!",),
    "de": ("Warum gilt das als gelöst? Gar nichts ist gelöst!",),
}
WAITING_ALARM = "The customer has been waiting for a long time: please answer, or hand the chat over."


class Actor:
    """Plays one customer in one conversation. All times are virtual seconds; all chance comes from its own seed."""

    def __init__(self, world: World, scenario: Scenario, person: Person, seed: str) -> None:
        self.scenario = scenario
        self.mood = scenario.mood
        self.state = scenario.start
        self.gone = False
        self._world = world
        self._person = person
        self._language = person.speaks
        self._random = random.Random(seed)
        self._chat = ConversationId("")
        self._lines: deque[Line] = deque()
        self._speaking = False
        self._leaving = False
        self._heard: list[str] = []
        self._events: set[str] = set()
        self._reaction: Happening | None = None
        self._patience: Happening | None = None
        self._nudges = 0
        self._unsure = 0
        self._used: set[int] = set()
        self._values = person.values()

    # Beginning

    def greeting(self) -> str:
        """Return what the customer says first in their own language, or nothing where the scenarios speak it."""
        return GREETINGS.get(self._person.customer.language, "")

    def begin(self, conversation_id: ConversationId, *, waited: float = 0.0) -> None:
        """Take part in a conversation. With `waited`, the first lines were written so many seconds ago."""
        self._chat = conversation_id
        bot = wording(self.scenario.bot, self._language, self._random)
        moment = self._world.timeline.now - waited
        if bot:
            self._world.bot_says(conversation_id, bot, moment=moment - 4)
        first = self.scenario.states[self.scenario.start].say
        hello = Line(text={"en": (self.greeting(),)}) if self.greeting() else None
        if not waited:
            self._enter(self.scenario.start, (hello,) if hello else ())
            return
        for line in ([hello] if hello else []) + [line for line in first if not line.abandoned]:
            self._say(line, moment)
            moment = min(moment + 6, self._world.timeline.now)
        self.mood += self.scenario.states[self.scenario.start].mood
        self._wait()

    def expect(self, conversation_id: ConversationId) -> None:
        """Take part in a conversation that the agent began: say nothing before the agent has written."""
        self._chat = conversation_id

    # What the agent does

    def heard(self, message: Message) -> None:
        """The agent has written: read it after a moment, then react."""
        if self.gone:
            return
        self._heard.append(message.body)
        self._events.add("reply")
        if message.attachments:
            self._events.add("file")
        read = self._random.uniform(0.8, 2.4)
        self._world.timeline.after(read, lambda: self._read(message.id))
        self._consider(read + self._random.uniform(0.8, 2.0) + min(len(message.body) / 60, 5.0))

    def noticed(self, trigger: str) -> None:
        """The agent has done something other than writing."""
        if trigger in ("ended", "transferred"):
            self._go(tell=False)
        elif trigger == "agent_types":
            self._be_patient_for(20.0)
        elif not self.gone:
            self._events.add(trigger)
            if trigger == "joined":
                self._nudges = 0
                self._wait()
            else:
                self._consider(self._random.uniform(2.0, 4.0))

    def _read(self, message_id: MessageId) -> None:
        if not self.gone:
            self._world.customer_reads(self._chat, message_id)

    def _consider(self, delay: float) -> None:
        if self._reaction is None:
            self._cancel_patience()
            self._reaction = self._world.timeline.after(delay, self._react)

    # Reacting

    def _react(self) -> None:
        self._reaction = None
        if self.gone or self._leaving:
            return
        if self._speaking:
            self._consider(1.0)
            return
        said, events = "\n".join(self._heard), self._events
        self._heard, self._events = [], set()
        triggers = events | (understand(said) if said else set())
        rule = self._rule(triggers, said)
        if rule is not None:
            self._follow(rule)
        elif "status:solved" in events:
            self._accept_solution()
        elif "question" in triggers and self._unsure < 2:
            self._unsure += 1
            self._speak([Line(text=self.scenario.unsure or DEFAULT_UNSURE)])
        else:
            # Told something that asks for no answer: the customer waits, and longer than before.
            self._wait(factor=1.5 if said else 1.0)

    def _rule(self, triggers: set[str], said: str) -> Rule | None:
        for rule in (*self.scenario.states[self.state].on, *self.scenario.always):
            wanted = bool(rule.when & triggers) or any(contains(said, words) for words in rule.phrases.values())
            fits = rule.mood_above < self.mood < rule.mood_below
            if wanted and fits and not (rule.unless & triggers) and not (rule.once and id(rule) in self._used):
                return rule
        return None

    def _follow(self, rule: Rule) -> None:
        self._used.add(id(rule))
        self.mood = max(-3, min(3, self.mood + rule.mood))
        self._nudges = 0
        if rule.goto:
            self._enter(rule.goto, rule.say)
        elif rule.say:
            self._speak(rule.say)
        else:
            self._wait(factor=1.5)

    def _enter(self, name: str, before: Iterable[Line] = ()) -> None:
        self.state = name
        state: State = self.scenario.states[name]
        self.mood = max(-3, min(3, self.mood + state.mood))
        self._leaving = state.end
        self._unsure = 0
        self._speak([*before, *state.say])

    def _accept_solution(self) -> None:
        if self.mood < -1:
            self.mood = max(-3, self.mood - 1)
            self._speak([Line(text=DEFAULT_STILL_ANGRY)])
        else:
            self._leaving = True
            self._speak([Line(text=DEFAULT_THANKS)])

    # Speaking

    def _speak(self, lines: Iterable[Line]) -> None:
        self._lines.extend(lines)
        self._cancel_patience()
        if not self._speaking:
            self._speaking = True
            self._next_line()

    def _next_line(self) -> None:
        if self.gone:
            return
        if not self._lines:
            self._speaking = False
            if self._leaving:
                self._world.timeline.after(self._random.uniform(4.0, 9.0), self._go)
            elif self._reaction is None:
                self._wait()
            return
        line = self._lines.popleft()
        self._world.timeline.after(line.pause + self._random.uniform(0.6, 1.8), lambda: self._type(line))

    def _type(self, line: Line) -> None:
        if self.gone:
            return
        self._world.customer_types(self._chat, True)
        if line.abandoned:
            self._world.timeline.after(self._random.uniform(4.0, 7.0), self._stop_typing)
            return
        length = max((len(each) for texts in line.text.values() for each in texts), default=20)
        seconds = min(max(length / 14, 1.2), 7.0) * self._random.uniform(0.8, 1.2)
        self._world.timeline.after(seconds, lambda: self._deliver(line))

    def _stop_typing(self) -> None:
        if not self.gone:
            self._world.customer_types(self._chat, False)
        self._next_line()

    def _deliver(self, line: Line) -> None:
        if self.gone:
            return
        message_id = self._say(line)
        self._world.customer_types(self._chat, False)
        if line.withdrawn:
            self._world.timeline.after(self._random.uniform(5.0, 9.0), lambda: self._withdraw(message_id))
        self._next_line()

    def _say(self, line: Line, moment: float | None = None) -> MessageId:
        text = filled(wording(line.text, self._language, self._random), self._values)
        typo = filled(wording(line.typo, self._language, self._random), self._values)
        files = [make_file(line.file, self._values, self._random)] if line.file else []
        message_id = self._world.customer_says(self._chat, typo or text, files, moment=moment)
        if typo:
            delay = self._random.uniform(3.0, 6.0)
            self._world.timeline.after(delay, lambda: self._world.customer_edits(self._chat, message_id, text))
        return message_id

    def _withdraw(self, message_id: MessageId) -> None:
        self._world.customer_deletes(self._chat, message_id)

    # Waiting

    def _wait(self, factor: float = 1.0) -> None:
        """Begin to wait for the agent; nothing happens when they answer in time."""
        if self.gone or self._speaking or self._leaving:
            return
        patience = self.scenario.patience
        seconds = patience.first if self._nudges == 0 else patience.again
        seconds *= factor * max(0.5, 1 + self.mood * 0.15) * self._random.uniform(0.85, 1.15)
        conversation = self._world.chat(self._chat).conversation
        if not conversation.joined:
            seconds *= 2
        if conversation.status in (Status.PENDING, Status.ON_HOLD):
            seconds *= 3
        self._cancel_patience()
        self._patience = self._world.timeline.after(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self.gone:
            return
        rule = self._rule({"kept_waiting"}, "")
        if rule is not None:
            before = self._nudges
            self._follow(rule)
            self._nudges = before + 1
            return
        nudges = self.scenario.nudge or DEFAULT_NUDGES
        texts = nudges.get(self._language) or nudges.get("en", ())
        if self._nudges == 1:
            self._world.system_says(self._chat, WAITING_ALARM, Visibility.NOTE)
        if self._nudges < len(texts):
            self.mood = max(-3, self.mood - 1)
            nudge = Line(text={self._language: (texts[self._nudges],)})
            self._nudges += 1
            self._speak([nudge])
        elif self.scenario.patience.leaves:
            self._leaving = True
            self._speak([Line(text=self.scenario.goodbye or DEFAULT_GOODBYE)])

    def _be_patient_for(self, seconds: float) -> None:
        waiting = self._patience
        if waiting is not None and not waiting.cancelled and waiting.due < self._world.timeline.now + seconds:
            waiting.cancel()
            self._patience = self._world.timeline.after(seconds, self._lose_patience)

    def _cancel_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _go(self, *, tell: bool = True) -> None:
        if self.gone:
            return
        self.gone = True
        self._cancel_patience()
        if tell:
            self._world.customer_leaves(self._chat)
