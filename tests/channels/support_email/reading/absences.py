"""Subjects of absence notes, and of mails that only speak of such things."""

from __future__ import annotations

ABSENCES = (
    *("Automatic reply: Your order", "Automatische Antwort: Bestellung"),
    *("Réponse automatique : commande", "Réponse automatique: commande"),
    *("Respuesta automática: pedido", "Resposta automática: pedido"),
    *("Risposta automatica: ordine", "Automatisch antwoord: bestelling"),
    *("Automatiskt svar: beställning", "Autosvar: ordre", "Automatisk svar: ordre"),
    *("Automaattinen vastaus: tilaus", "Odpowiedź automatyczna: zamówienie"),
    *("Autoodpowiedź: zamówienie", "Automatická odpověď: objednávka"),
    *("Автоматический ответ: заказ", "Автоответ: заказ", "Автоматична відповідь: замовлення"),
    *("Otomatik yanıt: sipariş", "自动回复: 订单", "自動回覆: 訂單", "自動応答: 注文"),
    *("自動返信: 注文", "자동 회신: 주문", "부재중 자동응답: 주문", "תשובה אוטומטית: הזמנה"),
    *("מענה אוטומטי: הזמנה", "رد تلقائي: طلب", "Out of Office: Your order"),
    *("Out of Office AutoReply: Your order", "Out of the office Re: Your order"),
    *("I am out of the office Re: order", "Abwesenheitsnotiz: Bestellung"),
    *("Abwesenheitsassistent: Bestellung", "Abwesenheitsnachricht: Bestellung"),
    *("Nicht im Büro: Bestellung", "Absence du bureau : commande"),
    *("Absent(e) du bureau : commande", "Message automatique : absence"),
    *("Fuera de la oficina: pedido", "Fora do escritório: pedido", "Fuori ufficio: ordine"),
    *("Afwezigheidsassistent: bestelling", "Ikke på kontoret: ordre"),
    *("Poissa toimistosta: tilaus", "Poza biurem: zamówienie", "Mimo kancelář: objednávka"),
    *("Отсутствие на рабочем месте: заказ", "Ofis dışında: sipariş", "不在时自动答复: 订单"),
)

# Of absence notes that answer a mail; without that they may be anything.
ABSENCES_OF_ANSWERS = (
    *("OOO: Your order", "On vacation Re: order", "Abwesend: Bestellung"),
    *("Frånvarande: beställning", "Fravær: ordre"),
)

QUESTIONS = (
    *("Absence: Tom", "Fravær: Ola er syk", "Question about automatic reply"),
    *("Absence of the user manual", "Autogas order", "Auto: brakes are broken"),
    *("Out of office supplies", "Automatic door broken", "Vacation home booking"),
    *("Urlaub gebucht", "Re: Automatic lamp", "Abwesenheit der Kollegin", "Absence de réponse"),
    *("Absent parts in my parcel", "On vacation I lost my lamp", "I am out of the lamp", "OOO"),
    *("Respuesta automática no funciona", "Ausente el manual", "Poza tym wszystko dobrze"),
)
