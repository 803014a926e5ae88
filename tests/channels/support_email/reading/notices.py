# ruff: noqa: E501 - what servers write is shown as they write it
"""Notices of mail servers without a report, and mails of people that read like some."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Notice(NamedTuple):
    """A notice, what it tells of c@example.com, and the header it needs to tell it."""

    sender: str
    subject: str
    text: str
    permanent: bool
    status: str = ""
    fields: Mapping[str, str] = MappingProxyType({})


NOTICES = (
    Notice(
        "MAILER-DAEMON@mx.example.com",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.com.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n<c@example.com>: host mx.example.com[192.0.2.1] said: 550 5.1.1 <c@example.com>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)",
        True,
        "5.1.1",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.com",
        "Delayed Mail (still being retried)",
        "This is the mail system at host mx.example.com.\n\n####################################################################\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n####################################################################\n\nYour message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n\n<c@example.com>: connect to mx.example.com[192.0.2.1]:25: Connection timed out",
        False,
    ),
    Notice(
        "Mail Delivery System <Mailer-Daemon@mx.example.com>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  c@example.com\n    SMTP error from remote mail server after RCPT TO:<c@example.com>:\n    host mx.example.com [192.0.2.1]: 550 No such user here",
        True,
        "5",
    ),
    Notice(
        "Mail Delivery System <Mailer-Daemon@mx.example.com>",
        "Warning: message 1abcde-000001-AB delayed 24 hours",
        "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.com.\n\nThe address to which the message has not yet been delivered is:\n\n  c@example.com\n    Delay reason: SMTP error: 451 Greylisted, please try again later\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.",
        False,
        "4",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.com",
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<c@example.com>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 mailbox unavailable\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <desk@example.org>",
        True,
        "5",
    ),
    Notice(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>",
        "Returned mail: see transcript for details",
        "The original message was received at Mon, 2 Dec 2019 10:11:32 +0100\nfrom mail.example.org [192.0.2.2]\n\n   ----- The following addresses had permanent fatal errors -----\n<c@example.com>\n    (reason: 550 5.1.1 <c@example.com>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> DATA\n<<< 550 5.1.1 <c@example.com>... User unknown",
        True,
        "5.1.1",
    ),
    Notice(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to c@example.com because the address couldn't be found, or is unable to receive mail.\n\nLearn more here: https://support.google.com/mail/?p=NoSuchUser\n\nThe response was:\n\n550 5.1.1 The email account that you tried to reach does not exist.",
        True,
        "5.1.1",
        {"x_failed_recipients": "c@example.com"},
    ),
    Notice(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Delay)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to c@example.com. Gmail will retry for 46 more hours. You'll be notified if the delivery fails permanently.",
        False,
    ),
    Notice(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        "** Adresse nicht gefunden **\n\nIhre Nachricht wurde nicht an c@example.com zugestellt, weil die Adresse nicht gefunden wurde.\n\nDie Antwort war:\n\n550 5.1.1 user unknown",
        True,
        "5.1.1",
    ),
    Notice(
        "MAILER-DAEMON@yahoo.com",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<c@example.com>:\n550: 5.1.1 <c@example.com>: Recipient address rejected: User unknown\n\n--- Below this line is a copy of the message.",
        True,
        "5.1.1",
    ),
    Notice(
        "Microsoft Outlook <postmaster@example.onmicrosoft.com>",
        "Undeliverable: Your order",
        "Your message to c@example.com couldn't be delivered.\n\nc wasn't found at example.com.\n\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'",
        True,
        "5.1.10",
    ),
    Notice(
        "postmaster@example.com",
        "Unzustellbar: Ihre Bestellung",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nc@example.com<mailto:c@example.com>\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\nDiagnoseinformationen für Administratoren:\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
        True,
        "5.1.1",
    ),
    Notice(
        "postmaster@example.com",
        "Non remis : Votre commande",
        "Échec de la remise pour ces destinataires ou groupes :\n\nc@example.com\nL'adresse de messagerie que vous avez entrée est introuvable.\n\n#550 5.1.1 RESOLVER.ADR.RecipNotFound",
        True,
        "5.1.1",
    ),
    Notice(
        "postmaster@example.com",
        "No se puede entregar: Su pedido",
        "No se pudo entregar el mensaje a estos destinatarios o grupos:\n\nc@example.com\nEl buzón del destinatario está lleno y ahora no puede aceptar mensajes.\n\n#554 5.2.2 mailbox full",
        True,
        "5.2.2",
    ),
    Notice(
        "System Administrator <postmaster@example.com>",
        "Undeliverable: Your order",
        "Your message\n\n  To:      c@example.com\n  Subject: Your order\n  Sent:    Mon, 2 Dec 2019 10:11:32 +0100\n\ndid not reach the following recipient(s):\n\nc@example.com on Mon, 2 Dec 2019 10:11:40 +0100\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=x;l=Y\n    MSEXCH:IMS:X:Y:Z 0 (000C05A6) Unknown Recipient",
        True,
    ),
    Notice(
        "MAILER-DAEMON@email-smtp.eu-west-1.amazonses.com",
        "Delivery Status Notification (Failure)",
        "An error occurred while trying to deliver the mail to the following recipients:\nc@example.com",
        True,
    ),
    Notice(
        "Postmaster <postmaster@eu.mimecast.com>",
        "[Postmaster] Email Delivery Failure",
        "Your email message was unable to be delivered to c@example.com.\n\nThe reason: 550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550",
        True,
        "5",
    ),
    Notice(
        "Postmaster@example.com",
        "DELIVERY FAILURE: User c (c@example.com) not listed in Domino Directory",
        "Your message\n\n  Subject: Your order\n\nwas not delivered to:\n\n  c@example.com\n\nbecause:\n\n  User c (c@example.com) not listed in Domino Directory",
        True,
    ),
    Notice(
        "mailer-daemon@gmx.de",
        "Mail delivery failed: returning message to sender",
        'Diese Nachricht wurde automatisch vom Mailserver erzeugt.\nIhre E-Mail konnte nicht zugestellt werden:\n\n"c@example.com":\nSMTP error from remote server for RCPT TO command, host: mx.example.com (192.0.2.1) reason: 550 mailbox unavailable',
        True,
        "5",
    ),
    Notice(
        "Mail Delivery System <mailer-daemon@web.de>",
        "Zustellung fehlgeschlagen",
        "Die Nachricht konnte an folgende Adresse nicht zugestellt werden:\n\nc@example.com\n\nGrund: Postfach existiert nicht",
        True,
    ),
    Notice(
        "MAILER-DAEMON@mail.ru",
        "Mail failure.",
        "Ваше сообщение не доставлено.\n\nc@example.com:\nТакого пользователя не существует\n550 user not found",
        True,
        "5",
    ),
    Notice(
        "mailer-daemon@yandex.ru",
        "Недоставленное сообщение",
        "Это письмо отправлено почтовым сервером yandex.ru.\n\nК сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может\nбыть отправлено одному или нескольким адресатам. Технические подробности можно найти ниже.\n\n<c@example.com>: host mx.example.com[192.0.2.1] said: 550 5.7.1 No such user!",
        True,
        "5.7.1",
    ),
    Notice(
        "postmaster@qq.com",
        "系统退信/Failure Notice",
        "抱歉，您的邮件被退回来了……\n\n原邮件信息：\n时间 2019-12-02 10:11:32\n主题 Order\n收件人 c@example.com\n\n退信原因：收件人邮件地址（c@example.com）不存在，邮件无法送达。\nhost mx.example.com said: 550 Mailbox not found.",
        True,
        "5",
    ),
    Notice(
        "Postmaster@163.com",
        "系统退信",
        "抱歉，您的邮件被退回来了……\n收件人 c@example.com\n退信原因 550 User not found: c@example.com",
        True,
        "5",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.jp",
        "メール配信エラー",
        "お送りいただいたメールは、以下の宛先に配信できませんでした。\n\n<c@example.com>\n\n宛先のメールアドレスが存在しません。",
        True,
    ),
    Notice(
        "MAILER-DAEMON@naver.com",
        "[반송] Order",
        "메일을 전송하지 못했습니다.\n받는 사람: c@example.com\n550 5.1.1 recipient not found",
        True,
        "5.1.1",
    ),
    Notice(
        "postmaster@hotmail.com",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n\n       c@example.com",
        True,
    ),
    Notice(
        "postmaster@icloud.com",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host st43p00im.me.com.\n\n<c@example.com>: 552 5.2.2 <c@example.com>: user is over quota",
        True,
        "5.2.2",
    ),
    Notice(
        "Mail Administrator <Postmaster@mx.example.com>",
        "Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\nThe user(s) account is temporarily over quota.\n\n<c@example.com>\n\nPlease reply to Postmaster@mx.example.com",
        False,
    ),
    Notice(
        "postmaster@mx.example.com",
        "Message delivery failed",
        "The following message could not be delivered:\n\nTo: c@example.com\nReason: mailbox full",
        False,
    ),
    Notice(
        "MDaemon@mx.example.com",
        "MDaemon Warning - Delivery Failure",
        "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has\nbeen removed from the mail queue.\n\nFailed address: c@example.com\n\n--- Session Transcript ---\n<-- 550 unknown user\n--- End Transcript ---",
        True,
        "5",
    ),
    Notice(
        "<>",
        "Undelivered mail",
        "Your message to c@example.com was rejected.\n550 5.7.1 Message rejected as spam",
        True,
        "5.7.1",
        {"return_path": "<>"},
    ),
    Notice(
        "Barracuda <postmaster@barracuda.example.com>",
        "**Message you sent blocked by our bulk email filter**",
        "Your message to: c@example.com\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: Order",
        True,
    ),
    Notice(
        "MAILER-DAEMON@smtp.sendgrid.net",
        "Undelivered Mail",
        "Delivery to the following recipient failed permanently:\n\n    c@example.com\n\n550 5.4.1 Recipient address rejected: Access denied",
        True,
        "5.4.1",
    ),
    Notice(
        "Mail Delivery System <MAILER-DAEMON@mx.example.it>",
        "Mancato recapito: Ordine",
        "Il messaggio non è stato recapitato al seguente destinatario:\n\n<c@example.com>: casella inesistente (550 5.1.1)",
        True,
        "5.1.1",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.pl",
        "Niedostarczona wiadomość",
        "Wiadomość nie mogła zostać dostarczona do:\n<c@example.com>\n550 5.1.1 user unknown",
        True,
        "5.1.1",
    ),
    Notice(
        "Mail Delivery System <MAILER-DAEMON@mx.example.fr>",
        "Message non distribué",
        "Votre message n'a pas pu être remis au destinataire suivant :\n\n<c@example.com>\n\nBoîte aux lettres pleine",
        False,
    ),
    Notice(
        "MAILER-DAEMON@mx.example.br",
        "Mensagem não entregue",
        "A sua mensagem não pôde ser entregue ao destinatário:\n\n<c@example.com>: 550 5.1.1 usuário desconhecido",
        True,
        "5.1.1",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.nl",
        "Bericht niet afgeleverd",
        "Uw bericht kon niet worden afgeleverd bij:\n\n<c@example.com>: 550 5.1.1 onbekende gebruiker",
        True,
        "5.1.1",
    ),
    Notice(
        "MAILER-DAEMON@mx.example.tr",
        "Teslim edilemeyen ileti",
        "İletiniz şu alıcıya teslim edilemedi:\n<c@example.com> 550 5.1.1",
        True,
        "5.1.1",
    ),
)

# Sender, subject and text of people who speak of such things.
PEOPLE = (
    (
        "Ann <ann@example.com>",
        "Undelivered Mail Returned to Sender",
        "I got this, what shall I do?\n\n> <c@example.com>: 550 5.1.1 unknown",
    ),
    (
        "Ann <ann@example.com>",
        "Mail delivery failed",
        "Hi, my mails to c@example.com come back: 550 5.1.1 user unknown. Can you help?",
    ),
    (
        "Ann Postmaster <ann.postmaster@example.com>",
        "Question",
        "Is the lamp in stock? My mail c@example.com",
    ),
    (
        "Peter Postmaster <peter@example.com>",
        "Undeliverable parcel 5.1.1",
        "My parcel could not be delivered to 5.1.1 street, c@example.com",
    ),
    (
        "System Administrator Team <it@example.com>",
        "Our order",
        "We ordered 3 lamps. They could not be delivered. Mail to it@example.com, order 550 5.1.1",
    ),
    (
        "The Delivery System GmbH <info@delivery-system.example>",
        "Lieferung",
        "Das Paket konnte nicht zugestellt werden, info@x.de 5.1.1",
    ),
    (
        "Mailer Daemon Band <band@example.com>",
        "Booking",
        "Our mail could not be delivered to you at desk@example.org",
    ),
    (
        "noreply@example.com",
        "Your parcel could not be delivered",
        "The parcel could not be delivered. c@example.com",
    ),
    (
        "Ann <ann@example.com>",
        "Delivery failed",
        "The delivery failed yesterday, nobody came. Status 5.1.1 says the site. ann@example.com",
    ),
    (
        "postmaster@example.com",
        "Question about your product",
        "Hello, I am the postmaster of example.com and have a question on your product. When will version 2 come?\n\nRegards\nPost Master",
    ),
    (
        "Administrator <administrator@example.com>",
        "Returned goods",
        "We returned the goods. 550 pieces.",
    ),
)
