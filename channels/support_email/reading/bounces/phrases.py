"""What mail servers write when a mail cannot be delivered, in lower case."""

from __future__ import annotations

# Anywhere in a subject.
SUBJECTS = (
    *("undeliver", "undelivered", "delivery status", "delivery fail", "delivery has failed"),
    *("delivery notification", "delivery report", "delivery problem", "delivery error"),
    *("delivery delayed", "delivery incomplete", "delivery unsuccessful", "delivery final"),
    *("delivery was unsuccessful", "delayed delivery", "mail delivery", "message delivery"),
    *("failure notice", "failure notification", "failure delivery", "failed delivery"),
    *("delivery of message failed", "message status", "returned mail", "returned message"),
    *("mail returned", "returned to sender", "return receipt", "mail system error", "mail failure"),
    *("mail could not be delivered", "could not be delivered", "could not deliver"),
    *("couldn't be delivered", "unable to deliver", "cannot be delivered", "not delivered"),
    *("non delivery", "non-delivery", "nondeliverable", "ndn:", "ndr:", "bounced mail"),
    *("bounce message", "error sending your mail", "error sending", "unknown user", "user unknown"),
    *("unknown recipient", "warning: could not send", "warning: message", "permanent error"),
    *("permanent fail", "message rejected", "mail rejected", "rejected mail", "message blocked"),
    *("message delayed", "mail delayed", "mailbox full", "over quota", "mail not delivered"),
    *("message not delivered", "host unknown", "[bounce]", "dsn:", "transient failure"),
    *("mdaemon notification", "mail error", "mail service failure", "message non remis"),
    *("unzustellbar", "zustellung fehlgeschlagen", "zustellfehler", "nicht zugestellt"),
    *("übermittlungsfehler", "fehlgeschlagene zustellung", "nicht zustellbar"),
    *("non remis", "échec de la remise", "échec de livraison", "non distribué", "non délivré"),
    *("échec d'envoi", "notification d'état de remise", "retour de mail"),
    *("no se puede entregar", "no se pudo entregar", "no entregado", "error de entrega"),
    *("fallo en la entrega", "devolución", "mensaje devuelto", "notificación de estado"),
    *("não entregue", "não foi entregue", "falha na entrega", "não é possível entregar"),
    *("non recapitabile", "mancato recapito", "errore di consegna", "impossibile recapitare"),
    *("mancata consegna", "onbestelbaar", "niet bezorgd", "niet afgeleverd", "kan inte levereras"),
    *("olevererat", "leveransmisslyckande", "kunne ikke leveres", "ikke levert"),
    *("toimitus epäonnistui",),
    *("nie dostarczono", "nie można dostarczyć", "niedoręczone", "nedoručiteln", "nedoruč"),
    *("kézbesíthetetlen", "kézbesítési hiba", "nelivrat", "недоставлен", "не доставлено"),
    *("не удалось доставить", "ошибка доставки", "teslim edilemedi", "teslim edilemeyen"),
    *("退信", "无法投递", "無法傳遞", "系统退信", "投递失败", "無法投遞", "配信不能", "配送不能"),
    *("送信できませんでした", "配信できません", "送達できません", "エラーメール", "반송"),
    *("배달 실패",),
    *("전송 실패", "전송되지"),
)

# Anywhere in the text, before the original mail.
TEXTS = (
    *("could not be delivered", "couldn't be delivered", "cannot be delivered"),
    *("can not be delivered",),
    *("was not delivered", "not been delivered", "has not been delivered", "were not delivered"),
    *("undeliverable", "unable to deliver", "could not deliver", "couldn't deliver"),
    *("unable to be delivered", "delivery to the following", "delevery to the following"),
    *("delivery has failed", "delivery failed", "failed delivery", "delivery failure"),
    *("trouble delivering", "problem delivering", "problems delivering", "error delivering"),
    *("did not reach the following", "did not reach", "wasn't delivered", "was undeliverable"),
    *("following address failed", "following address(es) failed", "following addresses failed"),
    *("following addresses had", "following recipient", "following destination addresses"),
    *("transcript of session", "i wasn't able to deliver", "permanent error", "permanent failure"),
    *("permanent fatal errors", "rejected recipient", "recipient rejected", "was rejected by"),
    *("attempting to deliver", "trying to deliver", "message was rejected", "mail was rejected"),
    *("returned to sender", "returned to you", "returning message", "original message follows"),
    *("user unknown", "unknown user", "no such user", "user not found", "invalid recipient"),
    *("unknown recipient", "invalid user", "mailbox unavailable", "mailbox not found"),
    *("mailbox is full", "mailbox full", "over quota", "exceeded storage", "quota exceeded"),
    *("does not exist", "doesn't exist", "host unknown", "host not found", "name lookup failure"),
    *("delivery status notification", "will be retried", "has been delayed", "delivery attempts"),
    *("message size exceeds", "address not found", "address couldn't be found"),
    *("in the queue too long",),
    *("rcpt to:", "<<< 5", "smtp error", "remote host said", "mail delivery software"),
    *("konnte nicht zugestellt", "nicht zugestellt werden", "unzustellbar", "nicht übermittelt"),
    *("n'a pas pu être", "n’a pas pu être", "impossible de remettre", "non remis"),
    *("no se pudo entregar", "no ha podido ser entregado", "no se ha podido"),
    *("no pudo ser entregado",),
    *("não pôde ser entregue", "não foi possível entregar", "não foi entregue"),
    *("non è stato possibile", "non può essere recapitat", "kon niet worden"),
    *("kunde inte levereras",),
    *("kunne ikke leveres", "nie można dostarczyć", "nelze doručit", "nemohla být doručena"),
    *("не может быть доставлено", "не было доставлено", "не удалось доставить"),
    *("送信できません", "配信できません", "配送できません", "届けることができません"),
    *("お届けできません",),
    *("无法投递", "无法送达", "无法发送到", "退信", "無法傳遞", "無法送達", "전송하지 못"),
    *("배달되지",),
)

# A mail has not been given up yet, or could have gone another time.
TRANSIENT = (
    *("will be retried", "still being retried", "delayed", "delivery attempts will continue"),
    *("not yet been delivered", "temporar", "try again later", "no action is required"),
    *("you do not need to resend", "will keep trying", "will continue to try", "greylist"),
    *("mailbox full", "mailbox is full", "over quota", "quota exceeded", "exceeded storage"),
    *("in the queue too long", "message expired", "timed out", "timeout", "too many connections"),
    *("aborted after", "not responding", "within 0 days", "deferred"),
)
DELAYED = (
    *("warning: could not send", "delivery delayed", "will be retried", "still being retried"),
    *("no action is required", "delivery attempts will continue", "has been delayed"),
    *("you do not need to resend", "will keep trying", "will continue to try", "delayed mail"),
    *("this is a warning message", "not yet been delivered", "message delayed"),
)

# A line with one of these ends the server's words; the original mail or its header follows.
ORIGINALS = (
    *("original message", "original mail", "copy of the message", "copy of your message"),
    *("header of the original", "headers of the original", "unsent message follows"),
    *("message header follows", "message headers follow", "returned message follows"),
    *("undelivered message", "message follows", "message text follows", "returned mail follows"),
    *("contents of the message", "original headers", "message headers", "entire message"),
    *("ursprüngliche nachricht", "message d'origine", "mensaje original", "mensagem original"),
    *("messaggio originale", "oorspronkelijk bericht", "original mail follows", "message contents"),
)
