"""What mail clients write around what they quote, by language.

Languages: English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Norwegian,
Finnish, Icelandic, Estonian, Latvian, Lithuanian, Polish, Czech, Slovak, Slovenian, Croatian,
Serbian, Hungarian, Romanian, Bulgarian, Russian, Ukrainian, Greek, Turkish, Hebrew, Arabic,
Persian, Vietnamese, Indonesian, Thai, Chinese, Japanese, Korean, Catalan.

Everything is written in lower case and matched so.
"""

from __future__ import annotations

# Gmail, Apple Mail, Thunderbird, Yahoo, K-9: "On <date>, <name> <address> wrote:". The verb stands
# at the end, or before the date: "<name> <address> schrieb am <date>:".
WROTE = (
    *("wrote", "sent", "writes", "said"),
    *("schrieb", "hat geschrieben", "geschrieben", "schreibt", "schrieb folgendes"),
    *("a écrit", "à écrit", "a ecrit", "écrit", "a envoyé"),
    *("escribió", "escribio", "escribió lo siguiente", "ha escrito", "va escriure", "ha escrit"),
    *("escreveu", "escreveu o seguinte", "escreva"),
    *("ha scritto", "scrive", "scrisse", "ha inviato"),
    *("schreef", "schreef het volgende", "het volgende geschreven", "heeft geschreven"),
    *("schreef op", "heeft het volgende geschreven"),
    *("skrev", "skrev följande", "skrev følgende", "skreiv", "har skrevet", "har skrivit"),
    *("kirjoitti", "kirjoitti näin", "skrifaði", "kirjutas", "rakstīja", "parašė", "rašė"),
    *("napisał", "napisała", "napisał(a)", "napisali", "pisze", "napisano"),
    *("napsal", "napsala", "napsal(a)", "napsal/a", "píše", "napísal", "napísala", "napísal(a)"),
    *("je napisal", "je napisala", "je napisal(a)", "napisao", "napisao je", "je napisao"),
    *("je napisao/la", "napisao/la", "написао", "написао/ла", "је написао/ла"),
    *("ezt írta", "írta", "a következőt írta", "ezt írta (időpont"),
    *("a scris", "scria", "написа", "пише", "пиша"),
    *("написал", "написала", "написал(а)", "пишет", "писал", "писал(а)"),
    *("написав", "написала", "написав(ла)", "пише", "пише"),
    *("έγραψε", "έγραψαν", "yazdı", "şunu yazdı", "şunları yazdı", "tarihinde şunu yazdı"),
    *("כתב", "כתבה", "כתב/ה", "מאת", "كتب", "كتبت", "نوشت", "نوشته"),
    *("đã viết", "menulis", "เขียนว่า", "เขียน", "napisana przez", "ने लिखा", "napisala"),
    *("folgendes geschrieben", "missatge de", "quoting", "zitat von", "excerpts from"),
    *("geskryf", "escribiu", "aliandika", "撰写", "撰寫"),
    *("je oseba", "va escriure", "schreibt folgendes", "menulis:", "skrifar", "rakstīja"),
)
# The same in languages that put no space before it.
WROTE_UNSPACED = (
    *("写道", "寫道", "写到", "来信", "书写道", "的邮件", "書きました", "さんは書きました"),
    *("のメール",),
    *("님이 작성", "작성", "작성함", "님의 메시지", "씀", "เขียนว่า", "เขียน"),
)

# Outlook, Notes, The Bat and others: a line between dashes before the quoted mail.
ORIGINAL = (
    *("original message", "original email", "original mail", "reply message", "replied message"),
    *("message d'origine", "message original", "message d’origine", "message initial"),
    *("ursprüngliche nachricht", "originalnachricht", "original-nachricht", "originale nachricht"),
    *("urspr. nachricht", "ursprungliche nachricht", "original nachricht"),
    *("mensaje original", "missatge original", "mensagem original", "messaggio originale"),
    *("oorspronkelijk bericht", "origineel bericht", "oorspronkelijke bericht"),
    *("ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse"),
    *("original meddelelse", "originalmelding", "opprinnelig melding", "original besked"),
    *("alkuperäinen viesti", "upprunaleg skilaboð", "algne kiri", "sākotnējais ziņojums"),
    *("wiadomość oryginalna", "oryginalna wiadomość", "wiadomość pierwotna"),
    *("původní zpráva", "puvodni zprava", "původní e-mail", "pôvodná správa", "izvirno sporočilo"),
    *("originalna poruka", "izvorna poruka", "оригинална порука", "eredeti üzenet"),
    *("mesaj original", "mesajul original", "оригинално съобщение", "исходное сообщение"),
    *("оригинальное сообщение", "пересылаемое письмо", "оригінальне повідомлення"),
    *("вихідне повідомлення", "αρχικό μήνυμα", "orijinal mesaj", "özgün ileti"),
    *("הודעה מקורית", "ההודעה המקורית", "الرسالة الأصلية", "رسالة أصلية", "پیام اصلی"),
    *("thư gốc", "tin nhắn gốc", "pesan asli", "ข้อความต้นฉบับ", "ข้อความดั้งเดิม"),
    *("原始邮件", "原邮件", "原始郵件", "原始信息", "邮件原件", "元のメッセージ", "원본 메시지"),
    *("原始訊息", "原始消息", "원본 이메일", "원본 편지", "original besked", "oprindelig besked"),
    *("oprindelig mail", "oprindelig e-mail", "original-mail", "original-e-mail", "mail original"),
    *("courriel original", "courrier original", "correo original", "mail originale"),
    *("e-mail original", "email original", "původní email", "původní mail", "özgün mesaj"),
    *("özgün e-posta", "eredeti levél", "eredeti e-mail", "wiadomość źródłowa"),
    *("mesaj inițial", "mesajul inițial", "izvorni dopis", "ursprünglicher beitrag"),
    *("ursprungligt e-postmeddelande", "ursprungligt mail", "opprinnelig e-post"),
    *("alkuperäinen sähköposti", "oryginalny e-mail", "mesej asal", "surat asli", "मूल संदेश"),
    *("回复的原邮件", "回复的邮件", "回覆的原始郵件"),
    *("オリジナルメッセージ", "원본 메일", "ursprüngliche mail", "원본메일"),
)

# What stands before a mail that is passed on. Apple: "Begin forwarded message:".
FORWARDED = (
    *("forwarded message", "forwarded mail", "begin forwarded message", "forwarded by"),
    *("weitergeleitete nachricht", "anfang der weitergeleiteten nachricht"),
    *("weitergeleitete e-mail", "weitergeleitet von"),
    *("message transféré", "message transmis", "début du message réexpédié"),
    *("début du message transféré", "message réexpédié", "transféré par"),
    *("mensaje reenviado", "inicio del mensaje reenviado", "missatge reenviat"),
    *("mensagem encaminhada", "mensagem reencaminhada", "início da mensagem reencaminhada"),
    *("início da mensagem encaminhada", "messaggio inoltrato", "inizio messaggio inoltrato"),
    *("doorgestuurd bericht", "begin doorgestuurd bericht", "doorgezonden bericht"),
    *("vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mail"),
    *("videresendt meddelelse", "videresendt melding", "videresendt besked"),
    *("start på videresendt besked", "begynnelse på videresendt melding"),
    *("välitetty viesti", "edelleenlähetetty viesti", "välitetyn viestin alku"),
    *("edastatud kiri", "pārsūtīts ziņojums", "persiųstas laiškas"),
    *("przekazana wiadomość", "wiadomość przekazana", "początek przekazywanej wiadomości"),
    *("přeposlaná zpráva", "začátek přeposlané zprávy", "preposlaná správa"),
    *("posredovano sporočilo", "proslijeđena poruka", "prosleđena poruka", "прослеђена порука"),
    *("továbbított üzenet", "továbbított levél", "mesaj redirecționat", "mesaj redirectionat"),
    *("препратено съобщение", "пересылаемое сообщение", "пересланное сообщение"),
    *("перенаправленное сообщение", "перенаправлене повідомлення"),
    *("переадресованное сообщение", "начало переадресованного сообщения"),
    *("переслане повідомлення", "προωθημένο μήνυμα", "iletilen mesaj", "yönlendirilen ileti"),
    *("הודעה שהועברה", "رسالة معاد توجيهها", "پیام هدایت‌شده", "thư đã chuyển tiếp"),
    *("tin nhắn được chuyển tiếp", "pesan terusan", "ข้อความที่ส่งต่อ"),
    *("转发邮件", "转发的邮件", "轉寄郵件", "已轉寄的郵件", "転送されたメッセージ"),
    *("転送メッセージ",),
    *("전달된 메시지", "전달된 메일", "mensaje enviado"),
)

# Helpdesks ask for replies above such a line, and quote the conversation below it.
REPLY_ABOVE = (
    *(
        "antwort oberhalb dieser",
        "antworten sie oberhalb dieser",
        "oberhalb dieser linie antworten",
    ),
    *("antwort bitte oberhalb dieser", "antwort über dieser linie", "über dieser zeile antworten"),
    *("oberhalb dieser zeile ein", "au-dessus de cette ligne", "au dessus de cette ligne"),
    *("por encima de esta línea", "encima de esta línea", "acima desta linha", "acima dessa linha"),
    *("sopra questa riga", "sopra questa linea", "boven deze regel", "boven deze lijn"),
    *("ovanför denna rad", "ovanför den här raden", "ovanför den här linjen", "over denne linje"),
    *("over denne linjen", "ovenfor denne linje", "tämän rivin yläpuolelle", "powyżej tej linii"),
    *("powyżej tego wiersza", "nad tento řádek", "nad tímto řádkem", "nad týmto riadkom"),
    *("e sor fölé", "deasupra acestei linii", "выше этой строки", "вище цього рядка"),
    *("выше этой линии", "bu satırın üzerine", "bu çizginin üstüne", "πάνω από αυτή τη γραμμή"),
    *("מעל לשורה זו", "מעל שורה זו", "فوق هذا السطر", "phía trên dòng này", "di atas baris ini"),
    *(
        "เหนือบรรทัดนี้",
        "在此行上方",
        "在此行之上",
        "在這一行上方",
        "この行より上",
        "この線より上",
        "이 줄 위에",
    ),
)

# The labels of the header block that Outlook and others put before the quoted mail.
FROM = (
    *("प्रेषक", "daripada", "šalje", "од", "pošiljatelj", "feladó", "発信者"),
    *("from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "frá", "saatja", "no", "nuo"),
    *("od", "ot", "от", "відправник", "від", "от кого", "feladó", "expeditor", "de la"),
    *("από", "kimden", "gönderen", "מאת", "من", "از", "từ", "người gửi", "dari", "จาก", "oд"),
    *("发件人", "發件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "발신"),
    *("de:",),
    *("remitente", "expéditeur", "absender", "mittente", "remetente", "afzender", "avsändare"),
    *("afsender", "avsender", "nadawca", "odesílatel", "odosielateľ", "отправитель", "pošiljatelj"),
)
SENT = (
    *("भेजा गया", "दिनांक", "dihantar", "tarikh", "послато", "датум", "αποστολή", "送信", "tarihi"),
    *("gönderme tarihi", "saatmisaeg", "data wysłania", "data de envio", "data invio"),
    *("fecha de envío", "verzenddatum", "utsendt", "kelt", "poslané", "poslána"),
    *("sent", "date", "sent on", "sent at", "gesendet", "gesendet am", "datum", "envoyé"),
    *("envoyé le", "date d'envoi", "enviado", "enviado el", "enviado em", "fecha", "data"),
    *("enviada", "enviada em", "enviat", "inviato", "inviato il", "verzonden", "verzonden op"),
    *("skickat", "skickad", "sendt", "dato", "lähetetty", "lähetysaika", "päivämäärä", "päiväys"),
    *("sent:", "dags", "saadetud", "kuupäev", "nosūtīts", "išsiųsta", "data i godzina"),
    *("wysłano", "wysłane", "odesláno", "odoslané", "dátum", "poslano", "poslato", "послато"),
    *("elküldve", "küldve", "trimis", "изпратено", "дата", "отправлено", "дата отправки"),
    *("надіслано", "відправлено", "στάλθηκε", "ημερομηνία", "gönderildi", "gönderilme", "tarih"),
    *("gönderilme tarihi", "נשלח", "תאריך", "تاريخ الإرسال", "تم الإرسال", "التاريخ", "تاریخ"),
    *("đã gửi", "ngày", "dikirim", "tanggal", "วันที่", "ส่ง", "发送时间", "發送時間", "日期"),
    *("寄件日期", "傳送時間", "时间", "送信日時", "日付", "보낸 날짜", "날짜", "발송일", "日時"),
)
TO = (
    *("प्रति", "प्रतिलिपि", "adressaat", "adresāts", "gavėjas", "saaja", "untuk"),
    *(
        "tới",
        "per a",
        "a/c",
        "sk",
        "kp",
        "kopija",
        "koopia",
        "afrit",
        "kopi",
        "bk",
        "کپی",
        "رونوشت",
    ),
    *("alici", "копие", "копија", "за", "másolat", "สำเนา", "bản sao", "tembusan"),
    *("to", "an", "à", "a", "para", "per", "aan", "naar", "till", "til", "vastaanottaja", "kam"),
    *("kellele", "kui", "do", "komu", "pre", "za", "prima", "кому", "címzett", "către", "до"),
    *("получатель", "προς", "kime", "alıcı", "אל", "עבור", "إلى", "به", "đến", "kepada", "ถึง"),
    *("收件人", "收件者", "宛先", "받는 사람", "받는사람", "수신", "empfänger", "destinataire"),
    *("destinatario", "destinatário", "ontvanger", "mottagare", "modtager", "adresát", "za:"),
    *("cc", "kopie", "kopia", "copie", "cópia", "copia", "bcc", "bc", "копия", "копія", "kopio"),
    *("másolatot kap", "dw", "kópia", "抄送", "副本", "참조", "κοιν", "bilgi", "העתק", "نسخة"),
    *("reply-to", "antwort an", "répondre à", "cc:", "kk"),
)
SUBJECT = (
    *("विषय", "tajuk", "ogg", "obj", "betr", "antraštė", "asia"),
    *("subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne"),
    *("aihe", "efni", "teema", "tēma", "tema", "temat", "předmět", "predmet", "zadeva", "тема"),
    *("tárgy", "subiect", "относно", "θέμα", "konu", "נושא", "الموضوع", "موضوع", "chủ đề"),
    *("tiêu đề", "subjek", "perihal", "เรื่อง", "หัวเรื่อง", "主题", "主題", "主旨", "件名"),
    *("제목",),
    *("assumpte", "sujet", "re", "предмет", "наслов"),
)
