# ruff: noqa: E501 - what clients write is shown as they write it
"""Forwarded mails as clients pass them on: the subject, and what they put around the mail.

Ann Smith <ann@example.com> asks in all of them where her lamp is.
"""

from __future__ import annotations

FORWARDS = (
    (
        "Fwd: Order",
        "---------- Forwarded message ---------\nFrom: Ann Smith <ann@example.com>\nDate: Mon, Dec 2, 2019 at 10:11 AM\nSubject: Order\nTo: Bob <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Forwarded message ----------\nFrom: Ann Smith <ann@example.com>\nDate: Mon, Dec 2, 2019 at 10:11 AM\nSubject: Order\nTo: Bob <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "Begin forwarded message:\n\nFrom: Ann Smith <ann@example.com>\nDate: Mon, Dec 2, 2019 at 10:11 AM\nSubject: Order\nTo: Bob <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "WG: Order",
        "Von: Ann Smith <ann@example.com>\nGesendet: Montag, 2. Dezember 2019 10:11\nAn: Bob\nBetreff: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "-------- Weitergeleitete Nachricht --------\nBetreff: \tOrder\nDatum: \tMon, 2 Dec 2019 10:11:32 +0100\nVon: \tAnn Smith <ann@example.com>\nAn: \tBob <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "Anfang der weitergeleiteten Nachricht:\n\nVon: Ann Smith <ann@example.com>\nBetreff: Order\nDatum: 2. Dezember 2019 um 10:11:32 MEZ\nAn: bob@example.net\n\nHello, where is my lamp?",
    ),
    (
        "TR: Order",
        "De : Ann Smith <ann@example.com>\nEnvoyé : lundi 2 décembre 2019 10:11\nÀ : Bob\nObjet : Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Message transféré ---------\nDe : Ann Smith <ann@example.com>\nDate: lun. 2 déc. 2019 à 10:11\nSubject: Order\nTo: <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "Début du message transféré :\n\nDe: Ann Smith <ann@example.com>\nObjet: Order\nDate: 2 décembre 2019\nÀ: bob@example.net\n\nHello, where is my lamp?",
    ),
    (
        "RV: Order",
        "De: Ann Smith <ann@example.com>\nEnviado el: lunes, 2 de diciembre de 2019 10:11\nPara: Bob\nAsunto: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Forwarded message ---------\nDe: Ann Smith <ann@example.com>\nDate: lun, 2 dic 2019 a las 10:11\nSubject: Order\nTo: <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "ENC: Order",
        "De: Ann Smith <ann@example.com>\nEnviada em: segunda-feira, 2 de dezembro de 2019 10:11\nPara: Bob\nAssunto: Order\n\nHello, where is my lamp?",
    ),
    (
        "I: Order",
        "Da: Ann Smith <ann@example.com>\nInviato: lunedì 2 dicembre 2019 10:11\nA: Bob\nOggetto: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Messaggio inoltrato ---------\nDa: Ann Smith <ann@example.com>\nData: lun 2 dic 2019\nOggetto: Order\nA: <bob@example.net>\n\nHello, where is my lamp?",
    ),
    (
        "Doorst: Order",
        "Van: Ann Smith <ann@example.com>\nVerzonden: maandag 2 december 2019 10:11\nAan: Bob\nOnderwerp: Order\n\nHello, where is my lamp?",
    ),
    (
        "VB: Order",
        "Från: Ann Smith <ann@example.com>\nSkickat: den 2 december 2019 10:11\nTill: Bob\nÄmne: Order\n\nHello, where is my lamp?",
    ),
    (
        "VS: Order",
        "Fra: Ann Smith <ann@example.com>\nSendt: 2. december 2019 10:11\nTil: Bob\nEmne: Order\n\nHello, where is my lamp?",
    ),
    (
        "PD: Order",
        "Od: Ann Smith <ann@example.com>\nWysłano: poniedziałek, 2 grudnia 2019 10:11\nDo: Bob\nTemat: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "-------- Перенаправленное сообщение --------\nТема: \tOrder\nДата: \tMon, 2 Dec 2019 10:11:32 +0100\nОт: \tAnn Smith <ann@example.com>\nКому: \tBob\n\nHello, where is my lamp?",
    ),
    (
        "FW: Order",
        "От: Ann Smith <ann@example.com>\nОтправлено: 2 декабря 2019 г. 10:11\nКому: Bob\nТема: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        '-------- Пересылаемое сообщение --------\n02.12.2019, 10:11, "Ann Smith" <ann@example.com>:\n\nHello, where is my lamp?',
    ),
    (
        "转发: Order",
        "发件人: Ann Smith <ann@example.com>\n发送时间: 2019年12月2日 10:11\n收件人: Bob\n主题: Order\n\nHello, where is my lamp?",
    ),
    (
        "转发：Order",
        "---------- 转发的邮件 ----------\n发件人： Ann Smith <ann@example.com>\n日期： 2019年12月2日\n主题： Order\n收件人： bob@example.net\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- 转发邮件 ----------\n发件人：Ann Smith <ann@example.com>\n日期：2019年12月2日\n主题：Order\n收件人：bob\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Forwarded message ---------\nFrom: Ann Smith <ann@example.com>\nDate: 2019年12月2日(月) 10:11\nSubject: Order\nTo: <bob@example.net>\n\n\nHello, where is my lamp?",
    ),
    (
        "FW: Order",
        "差出人: Ann Smith <ann@example.com>\n送信日時: 2019年12月2日 10:11\n宛先: Bob\n件名: Order\n\nHello, where is my lamp?",
    ),
    (
        "FW: Order",
        "보낸 사람: Ann Smith <ann@example.com>\n보낸 날짜: 2019년 12월 2일\n받는 사람: Bob\n제목: Order\n\nHello, where is my lamp?",
    ),
    (
        "İLT: Order",
        "Kimden: Ann Smith <ann@example.com>\nGönderildi: 2 Aralık 2019 10:11\nKime: Bob\nKonu: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- הודעה שהועברה ---------\nמאת: Ann Smith <ann@example.com>\nתאריך: 2 בדצמ׳ 2019\nנושא: Order\nאל: <bob@example.net>\n\nHello, where is my lamp?",
    ),
    (
        "FW: Order",
        "-----Original Message-----\nFrom: Ann Smith [mailto:ann@example.com]\nSent: Monday, December 2, 2019 10:11 AM\nTo: Bob\nSubject: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "----- Forwarded Message -----\nFrom: Ann Smith <ann@example.com>\nTo: Bob\nSent: Monday, December 2, 2019\nSubject: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---- Forwarded message ----\nFrom : Ann Smith<ann@example.com>\nDate : Mon, 02 Dec 2019\nSubject : Order\nTo : bob\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "------- Forwarded Message -------\nFrom: Ann Smith <ann@example.com>\nDate: On Monday, December 2nd, 2019 at 10:11 AM\nSubject: Order\nTo: bob@example.net\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "----- Forwarded by Bob/Corp on 12/02/2019 10:11 -----\n\nFrom: Ann Smith <ann@example.com>\nTo: Bob\nDate: 12/02/2019 10:11\nSubject: Order\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Videresendt besked ---------\nFra: Ann Smith <ann@example.com>\nDate: man. 2. dec. 2019\nSubject: Order\nTo: <bob@example.net>\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Vidarebefordrat meddelande ---------\nFrån: Ann Smith <ann@example.com>\nDate: mån 2 dec. 2019\nSubject: Order\nTo: <bob@example.net>\n\nHello, where is my lamp?",
    ),
    (
        "Fwd: Order",
        "---------- Přeposlaná zpráva ---------\nOd: Ann Smith <ann@example.com>\nDatum: po 2. 12. 2019\nPředmět: Order\nKomu: <bob@example.net>\n\nHello, where is my lamp?",
    ),
)
