"""What phones and programs add below a mail, in the languages of `phrases`.

Everything is written in lower case and matched so.
"""

from __future__ import annotations

# What a line begins with that tells from where a mail was sent; what follows is a device or an app.
SENT_FROM = (
    *("sent from", "sent via", "sent with", "sent by my", "sent on the go", "sent using"),
    *("this message was sent from my", "this email was sent from my", "written on my"),
    *("typed on my", "sent by iphone", "sent by mobile"),
    *("this message has been sent from a mobile", "sent securely from", "gesendet von"),
    *("gesendet mit", "gesendet über", "von meinem", "von meiner"),
    *("diese nachricht wurde von mein", "diese e-mail wurde von mein"),
    *("diese nachricht wurde gesendet von", "envoyé de", "envoyé à partir", "envoyé avec"),
    *("envoyé via", "provenance : courrier", "provenance: courrier"),
    *("ce message a été envoyé depuis", "enviado de", "enviado do", "enviado con"),
    *("enviado a partir", "enviat des", "enviado via", "enviado pelo", "enviado por"),
    *("mensaje enviado desde", "mensagem enviada", "este mensaje ha sido enviado desde"),
    *("enviada do", "inviato da", "inviato con", "verzonden met", "verstuurd met"),
    *("verzonden via", "verstuurd via", "verstuurd van", "verzonden van", "skickat från"),
    *("skickat med", "skickades från", "sendt fra", "sendt med", "lähetetty", "sent frá"),
    *("sendt via", "wysłane z", "wysłano z", "wiadomość wysłana z", "wysłana z"),
    *("wysłano przy użyciu", "wysłane przy użyciu", "odesláno pomocí", "saadetud minu"),
    *("saadetud mu", "išsiųsta iš", "nosūtīts no", "küldve a", "отправлено через"),
    *("надіслано через", "надіслано із", "відправлено із", "сообщение отправлено с"),
    *("dihantar daripada", "发自", "發自", "从我的", "從我的", "通过我的", "由我的", "أرسلت من"),
    *("أرسلت بواسطة", "odesláno z", "odoslané z", "poslano iz", "poslano z", "poslano s"),
    *("poslato sa", "poslato iz", "elküldve a", "trimis de pe", "trimis din", "trimis de la"),
    *("изпратено от", "отправлено с", "отправлено из", "надіслано з", "відправлено з"),
    *("στάλθηκε από", "נשלח מ", "أرسل من", "أُرسلت من", "تم الإرسال من", "đã gửi từ"),
    *("được gửi từ", "dikirim dari", "ส่งจาก", "发送自", "傳送自", "securely sent with", "sent úr"),
    *("gesendet vom", "gesendet aus", "gesendet via", "gesendet per", "diese nachricht wurde mit"),
    *("diese e-mail wurde mit", "envoyé par", "mensaje enviado con", "enviado pela"),
    *("inviato tramite", "inviato via", "skickat via", "sent fra", "wysłana przy użyciu"),
    *("odesláno přes", "odoslané pomocou", "επεστάλη από", "εστάλη από", "αποστολή από"),
    *("послато са", "послано з", "послано із", "отправлено при помощи", "נשלח באמצעות", "مرسل من"),
    *("مرسلة من", "ارسال شده از", "gửi từ", "terkirim dari", "dikirim melalui", "寄自", "来自"),
    *("來自", "传送自", "posted from", "bidalia nire", "danfonwyd o", "seolta ó"),
)

# The same that needs nothing to follow.
SENT_FROM_SURELY = (
    *("sent from my", "sent by my", "sent on the go", "envoyé de mon", "enviado desde mi"),
    *("enviado do meu", "inviato dal mio", "发自我的", "發自我的"),
)

# Patterns of the same in languages whose verb comes last.
SENT_FROM_END = (
    r"^(?:von|vom|mit|über|mobil)\b.* (?:gesendet|verschickt|geschrieben)$",
    r"^mobil gesendet$",
    r"^(?:met|vanaf|vanuit|via|van) .* (?:verzonden|verstuurd)$",
    r"(?:[dt][ae]n|ile) gönderil(?:di|miştir)(?: \(\w+\)?)?$",
    r"(?:ról|ről|ből|ból) (?:el)?küldve$",
    r"^(?:从|從|由|通过|通過|用).*(?:发送|發送|傳送|发出)$",
    r"(?:から|より|で)送信(?:しました|されました|しています)?$",
    r"(?:에서|으로|로) (?:보냄|보냈습니다|보낸 메일입니다|전송함|발송|전송|작성함)$",
    r"से भेजा गया$",
    r"^از .* ارسال شد(?:ه است)?$",
)

# Advertisements of apps: what they begin with, and what they end with.
GET = (
    *("outlook downloaden", "get ", "download ", "holen sie", "laden sie", "obtenir", "obtenez"),
    *("télécharge", "obtener", "obtenga", "obtén", "descarga", "obter", "obtenha", "baixe"),
    *("transferir", "scarica", "ottieni", "ottene", "hämta", "skaffa", "hent ", "få ", "last ned"),
    *("hanki", "lataa", "pobierz", "stáhn", "získ", "stiahn", "prenesi", "descărca", "obține"),
    *("preuzmi", "nabavi", "скача", "получи", "загруз", "завантаж", "отрима", "изтегл", "вземете"),
    *("λήψη", "κατεβάστε", "tải ", "dapatkan", "unduh", "ดาวน์โหลด", "获取", "下载", "取得"),
    *("下載", "השג", "קבל", "הורד", "تنزيل", "احصل", "تحميل", "obteniu", "baixa"),
)
GOT = (
    *("beziehen", "herunterladen", "holen", "downloaden", "ophalen", "letöltése", "edinin"),
    *("indirin", "を入手", "を入手する", "をダウンロード", "を取得", "다운로드", "다운로드하기"),
    *("받기",),
)
APPS = ("outlook", "bluemail", "typeapp", "proton", "yahoo mail", "aqua mail", "the app")
PLATFORMS = ("ios", "android", "mac", "windows", "iphone", "mobile", "安卓", "get the app")

# What a mail is sent from; some are parts of words.
DEVICES = (
    *("iphon", "ipad", "ipod", "android", "galaxy", "samsung", "huawei", "honor ", "xiaomi"),
    *("redmi", "小米", "华为", "華為", "oppo", "vivo ", "nokia", "lumia", "xperia", "htc"),
    *("motorola", "oneplus", "blackberry", "outlook", "gmail", "yahoo", "aol ", "gmx", "web.de"),
    *("t-online", "orange", "mail.ru", "яндекс", "yandex", "proton", "tutanota", "acompli"),
    *("airmail", "zoho", "windows", "phone", "handy", "mobil", "móvil", "movil", "telefon"),
    *("teléfono", "telefoon", "puhelim", "telèfon", "celular", "cellulare", "tablet", "webmail"),
    *("roundcube", "手机", "手機", "電話", "スマホ", "スマートフォン", "携帯", "모바일", "휴대"),
    *("스마트폰", "device", "gerät", "appareil", "dispositiv", "toestel", "enhet", "enhed"),
    *("laittee", "urządz", "zařízen", "eszköz", "készülék", "устройств", "пристро", "телефон"),
    *("смартфон", "мобильн", "мобільн", "cihaz", "מכשיר", "נייד", "هاتف", "جهاز", "điện thoại"),
    *("thiết bị", "ponsel", "perangkat", "โทรศัพท์", "มือถือ", "uređaj", "zariaden", "napra"),
    *("κινητό", "τηλέφωνο", "फ़ोन", " app", "sparrow", "mailbird", "thunderbird", "fairemail"),
    *("k-9", "smartwatch", "apple watch", "ios ", " ios", "icloud", "em client", "canary"),
    *("bluemail", "typeapp", "aqua mail", "mymail", "mobiel", "ordenador", "telemóvel", "laptop"),
    *("notebook", "unterwegs", "applica", "aplica", "aplika", "alkalmaz", "sovellu", "uygulama"),
    *("приложени", "застосун", "アプリ", "메일앱", "应用", "客户端", "客戶端", "邮箱", "郵箱"),
    *("信箱", "邮件", "郵件", "メール", "网易", "新浪", "갤럭시", "아이폰", "아이패드"),
    *("안드로이드", "폰에서", "메일에서", "אייפון", "טלפון", "גלקסי", "آیفون", "گوشی", "موبایل"),
    *("آيفون", "آيباد", "thư ", "poczt", "почт", "pošt", "posta", "sähköpost", "e-post"),
    *("courrier", "correo", "mailbox", "айфон", "galaksi", "pixel"),
)

# People beg pardon for what they type on telephones.
EXCUSES = (
    *("excuse", "brevity", "typos", "typo ", "tipos", "misspell", "auto-correct", "autocorrect"),
    *("keyboard", "fat finger", "kürze", "tippfehler", "entschuldig", "autokorrektur", "brièveté"),
    *("concision", "fautes", "disculp", "brevedad", "erratas", "desculp", "brevidade", "erros de"),
    *("scus", "brevità", "refusi", "beknopt", "tikfout", "typfout", "kortfatta", "stavfel"),
    *("tastefejl", "skrivefeil", "tastefeil", "zwięzło", "literówk", "stručnost", "překlep"),
    *("preklep", "elütés", "lakonikus", "краткость", "опечатк", "стислість", "помилки"),
    *("yazım hata", "kısa yaz", "簡潔", "誤字", "简短", "오타", "짧은"),
)
