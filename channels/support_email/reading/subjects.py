"""Prefixes of subjects, by language."""

from __future__ import annotations

import re

# What absence notes and acknowledgements begin with, as Outlook, Exchange and Gmail translate it.
_AUTO_REPLIES = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse"),
    *("auto-response", "automatic response", "automated reply", "automated response", "auto:"),
    *("out of office", "out-of-office", "[auto-reply]", "[auto reply]", "autosvar"),
    *("automatische antwort", "automatische rückantwort", "abwesenheitsnotiz", "abwesenheit:"),
    *("vacation reply", "vacation response", "vacation notice", "vacation message"),
    *("automatic email", "automatische e-mail-antwort", "automatyczna odpowiedz", "autorespuesta"),
    *("autorisposta", "odsutan:", "absence :", "assente:", "отсутствие на работе"),
    *("abwesend:", "abwesenheitsmeldung", "abwesenheitsbenachrichtigung"),
    *("réponse automatique", "absence du bureau", "absent du bureau", "message d'absence"),
    *("respuesta automática", "respuesta automatica", "fuera de la oficina", "ausente:"),
    *("resposta automática", "resposta automatica", "fora do escritório", "ausência temporária"),
    *("risposta automatica", "fuori sede", "fuori ufficio", "automatisch antwoord"),
    *("automatische reactie", "afwezigheidsbericht", "niet op kantoor", "afwezig:"),
    *("automatiskt svar", "frånvaromeddelande", "frånvaro:", "automatisk svar", "fraværsmelding"),
    *("automatisk besvarelse", "ikke til stede", "automaattinen vastaus", "poissa:"),
    *("odpowiedź automatyczna", "automatyczna odpowiedź", "poza biurem"),
    *("automatická odpověď", "automatická odpoveď", "mimo kancelář", "samodejni odgovor"),
    *("automatski odgovor", "automatikus válasz", "házon kívül", "răspuns automat"),
    *("автоматичен отговор", "автоматический ответ", "автоответ", "автоматична відповідь"),
    *("αυτόματη απάντηση", "otomatik yanıt", "ofis dışında", "תשובה אוטומטית", "رد تلقائي"),
    *("پاسخ خودکار", "trả lời tự động", "balasan otomatis", "ตอบกลับอัตโนมัติ"),
    *("自动回复", "自動回覆", "自動返信", "不在通知", "자동 회신", "부재 중"),
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
_LONGEST = 500


def is_auto_reply_subject(subject: str) -> bool:
    """Whether a subject is that of an absence note or an acknowledgement."""
    rest = subject[:_LONGEST].strip()
    while (prefix := _REPLY_PREFIX.match(rest)) is not None:
        rest = rest[prefix.end() :]
    return rest.lower().startswith(_AUTO_REPLIES)


def is_forward_subject(subject: str) -> bool:
    """Whether a subject says that the mail passes another on."""
    return _FORWARD_PREFIX.match(subject[:_LONGEST]) is not None
