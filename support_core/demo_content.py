"""What the people of the demo workspace say; addresses are of RFC 2606, nobody's."""

from __future__ import annotations

from dataclasses import dataclass

#: Name and role; the address is made of the first name.
MEMBERS = (
    ("Olivia Marsh", "owner"),
    ("Adam Keller", "admin"),
    ("Priya Nair", "agent"),
    ("Jonas Weber", "agent"),
    ("Mei Tanaka", "agent"),
    ("Victor Lund", "viewer"),
)
AWAY = frozenset({"Jonas Weber"})

#: Name, address, signature.
MAILBOXES = (
    ("Support", "support@demo.example", "Kind regards\nThe support team"),
    ("Billing", "billing@demo.example", "Kind regards\nThe billing team"),
)

CUSTOMERS = (
    ("Amélie Laurent", "Atelier Laurent"),
    ("Marcus Reed", "Reed Logistics"),
    ("Sofia Rossi", None),
    ("Kwame Mensah", "Mensah Foods"),
    ("Ingrid Dahl", "Nordlys AS"),
    ("Tomás Herrera", None),
    ("Yuki Sato", "Sato Design"),
    ("Łukasz Nowak", "Nowak i Syn"),
    ("Fatima Zahra", None),
    ("Grace O'Neill", "Brightwater Clinic"),
    ("Dmitri Volkov", None),
    ("Chloé Martin", "Boulangerie Martin"),
    ("Ravi Patel", "Patel & Daughters"),
    ("Hannah Schmidt", "Schmidt Optik"),
)


@dataclass(frozen=True)
class Topic:
    """A conversation: how it begins, what is answered, and how it goes on."""

    subject: str
    opening: str
    answer: str
    follow_up: str
    note: str
    tags: tuple[str, ...]
    mailbox: int = 0


TOPICS = (
    Topic(
        "Invoice shows the wrong VAT number",
        "Hello,\n\nour invoice of last month carries our old VAT number. Could you issue a "
        "corrected one? Our accountant closes the quarter on Friday.",
        "I am sorry about that. I have corrected the number on your account; the new invoice is "
        "attached to your billing page.",
        "Found it, thank you for the quick help!",
        "Checked with finance: the old number was kept when the account was renamed.",
        ("billing", "invoice"),
        mailbox=1,
    ),
    Topic(
        "Cannot log in since the password change",
        'I changed my password yesterday and since then I only see "unknown credentials". I '
        "tried three browsers.",
        "Thank you for trying that. Your account was locked after several attempts; I have "
        "unlocked it. Please log in once more.",
        "It works again. Why was it locked, though?",
        "Locked by the brute-force guard, nothing suspicious in the log.",
        ("login",),
    ),
    Topic(
        "Export stops at 10,000 rows",
        "When I export our orders as CSV, the file always ends after 10,000 rows although we have "
        "about 23,000. Is there a limit?",
        "There is, in the browser. The API has none; until you are set up for it I can run the "
        "export for you. Shall I?",
        "Yes please, for January to March.",
        "Same as the report of last week; asked the product team for a hint in the dialogue.",
        ("bug", "export"),
    ),
    Topic(
        "Where is my parcel?",
        'My order was to arrive on Tuesday. The tracking page has said "in transit" for four '
        "days now.",
        "I have asked the carrier. It is held at the depot because the house number was missing; "
        "it is completed now and comes tomorrow.",
        "It arrived this morning, all fine.",
        "Carrier case opened by phone.",
        ("shipping",),
    ),
    Topic(
        "Upgrade in the middle of the month",
        "We would like to move to the pro plan now. Do we pay the whole month again?",
        "No, you pay the difference for the days that are left. You can switch in the settings at "
        "any time.",
        "Perfect, we have switched.",
        "Good candidate for the annual plan, call in two weeks.",
        ("billing", "sales"),
        mailbox=1,
    ),
    Topic(
        "Webhook delivers twice",
        "Some of our webhooks arrive twice within a second, with the same id. Do we have to "
        "expect that?",
        "Yes: delivery is at least once, so please keep the ids you have seen. We are looking at "
        "why it is so frequent for you.",
        "Understood, we drop repeats now. Still curious about the cause.",
        "Their endpoint answers after 29 s, our timeout is 30.",
        ("api", "bug"),
    ),
    Topic(
        "Please delete my data",
        "I no longer use your service. Please delete everything you have stored about me.",
        "I am sorry to see you go. I have started the deletion; it is complete within 30 days and "
        "you receive a confirmation.",
        "Thank you.",
        "Identity verified by the address on file.",
        ("privacy",),
    ),
    Topic(
        "Dark mode?",
        "Is a dark mode planned? My eyes would be grateful in the evening.",
        "It is on our list for this quarter. I have added your vote.",
        "Great, looking forward to it.",
        "Vote no. 41.",
        ("feature-request",),
    ),
    Topic(
        "Refund for a cancelled order",
        "I cancelled my order within an hour, but the amount is still booked from my card.",
        "The refund left our account today. Depending on your bank it takes three to five days.",
        "Received, thanks!",
        "Refund id is in the billing system.",
        ("billing", "refund"),
        mailbox=1,
    ),
    Topic(
        "App crashes when I add a photo",
        "Since the update the app closes as soon as I add a photo to a report. Android 15.",
        "Thank you for the details, we could reproduce it. A fix is on its way to the store.",
        "The update solved it.",
        "Regression of the last release, fixed in the next one.",
        ("bug", "mobile"),
    ),
)

SPAM = Topic(
    "You have been selected",
    "Congratulations!!! Claim your prize by answering with your card number.",
    "",
    "",
    "",
    (),
)

FAILURE = "The recipient's server does not know the address."
