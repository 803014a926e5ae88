"""Prefixes of subjects, by language."""

from __future__ import annotations

import re

# What absence notes and acknowledgements begin with, as Outlook, Exchange and Gmail translate it,
# before a colon, a name, or nothing.
_AUTO_REPLIES = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse"),
    *("auto-response", "automatic response", "automated reply", "automated response", "auto: re"),
    *("out of office", "out-of-office", "[auto-reply]", "[auto reply]", "autosvar"),
    *("out of the office", "i am out of the office", "i'm out of the office"),
    *("automatische antwort", "automatische rückantwort", "abwesenheitsnotiz"),
    *("vacation reply", "vacation response", "vacation notice", "vacation message"),
    *("automatic email", "automatische e-mail-antwort", "automatyczna odpowiedz", "autorespuesta"),
    *(
        "autorisposta",
        "отсутствие на работе",
        "отсутствие на рабочем месте",
        "abwesenheitsnachricht",
    ),
    *("abwesenheitsmeldung", "abwesenheitsbenachrichtigung", "abwesenheitsassistent"),
    *("nicht im büro", "réponse automatique", "réponse d'absence", "absence du bureau"),
    *("absent du bureau", "absent(e) du bureau", "message d'absence", "message automatique"),
    *("respuesta automática", "respuesta automatica", "fuera de la oficina"),
    *("resposta automática", "resposta automatica", "fora do escritório", "ausência temporária"),
    *("risposta automatica", "fuori sede", "fuori ufficio", "automatisch antwoord"),
    *("automatische reactie", "afwezigheidsbericht", "afwezigheidsassistent", "niet op kantoor"),
    *("automatiskt svar", "frånvaromeddelande", "automatisk svar", "fraværsmelding"),
    *("automatisk besvarelse", "ikke til stede", "ikke på kontoret", "automaattinen vastaus"),
    *("poissa toimistosta", "odpowiedź automatyczna", "automatyczna odpowiedź", "autoodpowiedź"),
    *("poza biurem", "automatická odpověď", "automatická odpoveď", "mimo kancelář"),
    *("samodejni odgovor", "automatski odgovor", "automatikus válasz", "házon kívül"),
    *("răspuns automat", "автоматичен отговор", "автоматический ответ", "автоответ"),
    *("автоматична відповідь", "αυτόματη απάντηση", "otomatik yanıt", "ofis dışında"),
    *("תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "الرد التلقائي", "پاسخ خودکار"),
    *("trả lời tự động", "balasan otomatis", "jawapan automatik", "resposta automàtica"),
    *(
        "自动回复",
        "自動回覆",
        "自動返信",
        "自動応答",
        "不在通知",
        "不在时",
        "자동 회신",
        "자동회신",
        "부재 중",
    ),
    *("부재중", "자동 응답", "자동응답", "ตอบกลับอัตโนมัติ", "स्वचालित उत्तर"),
)
# The same by words that begin other subjects too, and then are followed by no colon.
_AUTO_REPLIES_BRIEFLY = (
    *(
        "absence",
        "absent",
        "abwesenheit",
        "abwesend",
        "afwezig",
        "afwezigheid",
        "assente",
        "assenza",
    ),
    *("ausente", "ausência", "ausencia", "frånvaro", "frånvarande", "fravær", "poissa", "odsutan"),
    *("nieobecność", "nepřítomnost", "neprítomnosť", "отсутствие", "відсутність", "ooo"),
    *("on vacation", "on holiday", "on leave", "away from the office", "away from office"),
)
# "Re:" and its like, which may stand before them.
_REPLY = (
    *("re", "aw", "antw", "antwort", "sv", "vs", "ynt", "odp", "res", "r", "rif", "vá", "bls"),
    *("ref", "rép", "réf", "отв", "ответ", "απ", "σχετ", "hα", "回复", "回覆", "答复", "返信"),
    *("回信",),
    *("atb", "ats", "yan", "tr.:", "svar", "re[2]", "odg", "на", "ha"),
)
_FORWARD = (
    *("fw", "fwd", "wg", "tr", "rv", "enc", "i", "doorst", "vb", "vl", "fs", "pd", "tov"),
    *("пер", "πρθ", "ilt", "转发", "轉寄", "轉發", "転送", "전달", "továbbítás", "reenv"),
    *("vidareb",),
    *("videresendt", "weitergeleitet", "trans", "ff", "inoltra", "wtr", "redir"),
)


def _prefix(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"
        r"(?:\s?\[\d{1,3}\]|\s?\(\d{1,3}\))?\s?[:：]\s*",
        re.IGNORECASE,
    )


_REPLY_PREFIX = _prefix(_REPLY)
_FORWARD_PREFIX = _prefix(_FORWARD)
# After a whole phrase stands a mark, a name, or nothing. Chinese has no spaces to tell a phrase by.
_ENDED = re.compile(
    r"(?=\s*(?:$|[^\w\s]|(?:from|to|by|for|re|aw|sv|von|de|di|da|van|från|fra|od|от|від"
    r"|auto-?reply|message|email|notification)\b))|(?<=[\u0e00-\u0e7f\u3000-\ud7ff])"
)
_COLON = re.compile(r"\s?[:：]|\s+re\s?[:：]")
_LONGEST = 500
_LONGEST_BODY = 100_000


def is_auto_reply_subject(subject: str, *, answers: bool) -> bool:
    """Whether a subject is that of an absence note or an acknowledgement.

    `answers` says that the mail answers one: "Absence: Tom" is else what parents write to a school.
    """
    rest = subject[:_LONGEST].strip()
    while (prefix := _REPLY_PREFIX.match(rest)) is not None:
        rest = rest[prefix.end() :]
    rest = rest.lower()
    return _begins(rest, _AUTO_REPLIES, _ENDED) or (
        answers and _begins(rest, _AUTO_REPLIES_BRIEFLY, _COLON)
    )


def _begins(subject: str, phrases: tuple[str, ...], end: re.Pattern[str]) -> bool:
    """Whether a subject begins with one of the phrases, and that with its end."""
    return subject.startswith(phrases) and any(
        end.match(subject, len(phrase)) is not None
        for phrase in phrases
        if subject.startswith(phrase)
    )


def is_forward_subject(subject: str, body: str) -> bool:
    """Whether a subject says that the mail passes another on.

    "VS:" does so in Danish and Norwegian, by what their Outlook writes in the body; in Finnish it
    is an answer.
    """
    if _FORWARD_PREFIX.match(subject[:_LONGEST]) is not None:
        return True
    is_either = subject[:3].lower() == "vs:"
    return is_either and "emne:" in body[:_LONGEST_BODY].lower()
