"""What lawyers and virus scanners have added below a mail, in the languages of `phrases`.

Everything is written in lower case and matched so.
"""

from __future__ import annotations

# First words of what lawyers have added.
DISCLAIMERS = (
    *("this e-mail and any", "this email and any", "this message and any"),
    *("this message contains", "this e-mail is confidential", "this email is confidential"),
    *("this e-mail message", "this email message", "this e-mail may contain"),
    *("this email may contain", "this message is intended", "this email is intended"),
    *("this e-mail is intended", "the information contained in this", "the information in this e"),
    *("confidentiality notice", "the information transmitted", "please consider the environment"),
    *("think before you print", "before printing this", "save paper"),
    *("bitte denken sie an die umwelt", "bitte prüfen sie, ob", "avant d'imprimer"),
    *("pensez à l'environnement", "antes de imprimir", "prima di stampare", "denk aan het milieu"),
    *("tänk på miljön", "tænk på miljøet", "privileged", "legal notice", "confidential:"),
    *("disclaimer", "the contents of this e", "this communication", "diese e-mail enthält"),
    *("diese email enthält", "diese nachricht enthält", "der inhalt dieser e-mail"),
    *("diese e-mail ist vertraulich", "diese mail enthält", "ce message et", "ce message est"),
    *("ce courriel", "ce courrier électronique", "les informations contenues dans ce"),
    *("este mensaje", "este correo", "este e-mail", "esta mensagem", "a informação contida"),
    *("la información contenida", "aviso legal", "questo messaggio", "questa e-mail"),
    *("le informazioni contenute in quest", "dit bericht", "deze e-mail", "dit e-mailbericht"),
    *("de informatie in deze", "det här meddelandet", "detta meddelande", "denne e-mail"),
    *("denne e-post", "denne meddelelse", "tämä viesti", "ta wiadomość", "niniejsza wiadomość"),
    *("treść tej wiadomości", "tato zpráva", "táto správa", "ez az üzenet", "acest mesaj"),
    *("это сообщение", "настоящее сообщение", "bu e-posta", "本邮件", "此邮件", "このメール"),
    *("本メール", "이 메일"),
)

# One of them stands in every such text, and in few that only begin like one.
LEGAL = (
    *("confiden", "privileg", "intended", "recipient", "addressee", "vertraulich", "empfänger"),
    *("rechtlich", "adressat", "virus", "unauthori", "disclos", "liab", "destinat"),
    *("confidencial", "riservat", "vertrouwelijk", "geadresseerde", "bestemd", "konfidentiel"),
    *("fortrolig", "sekretess", "mottagare", "modtager", "luottamuksel", "poufn", "adresata"),
    *("důvěrn", "dôvern", "bizalmas", "címzett", "конфиденциал", "адресат", "конфіденційн"),
    *("gizli", "alıcı", "机密", "environnement", "imprim", "medio ambiente", "ambiente", "milieu"),
    *("miljö", "miljø", "stampa", "strictly", "prohibited", "notify the sender", "in error"),
    *("irrtümlich", "informieren sie", "erreur", "avertir", "por error", "por engano"),
    *("per errore", "abusief", "verwijder", "保密", "收件人", "機密", "秘密", "受信者", "기밀"),
    *("수신", "environment", "printing", "umwelt"),
)

# What such a text speaks of in its first words, and what it says: that the mail is secret, and for
# whom it is meant or what to do if it is not.
MAILS = (
    *("le présent courriel", "le présent message", "cette correspondance", "this e-mail"),
    *("this email", "this message", "this mail", "this communication", "this transmission"),
    *("this electronic", "the information", "the contents", "any information", "diese e-mail"),
    *("diese email", "diese mail", "diese nachricht", "dieser e-mail", "dieser nachricht"),
    *("diese mitteilung", "die informationen", "die in dieser", "ce message", "ce courriel"),
    *("ce mail", "cet e-mail", "cet email", "ce courrier", "cette communication"),
    *("les informations", "este mensaje", "este correo", "este e-mail", "este email"),
    *("esta comunicación", "la información", "esta mensagem", "a informação", "as informações"),
    *("questo messaggio", "questa e-mail", "questa email", "questa mail", "questa comunicazione"),
    *("la presente", "le informazioni", "dit bericht", "dit e-mailbericht", "deze e-mail"),
    *("deze email", "deze mail", "de informatie", "de inhoud", "detta meddelande"),
    *("det här meddelandet", "detta mail", "detta e-postmeddelande", "denne e-mail"),
    *("denne e-post", "denne mail", "denne meddelelse", "denne melding", "tämä viesti"),
    *("tämä sähköposti", "ta wiadomość", "niniejsza wiadomość", "tato zpráva", "tento e-mail"),
    *("tento email", "táto správa", "ez az üzenet", "ez az e-mail", "jelen", "acest mesaj"),
    *("acest e-mail", "това съобщение", "это сообщение", "данное сообщение"),
    *("настоящее сообщение", "это письмо", "данное письмо", "це повідомлення", "цей лист"),
    *("αυτό το μήνυμα", "το παρόν", "bu e-posta", "bu mesaj", "bu ileti", "本邮件", "此邮件"),
    *("本电子邮件", "本郵件", "此郵件", "本電子郵件", "このメール", "本メール", "本電子メール"),
    *("当メール", "이 메일", "본 메일", "이 이메일", "본 이메일", "이 메시지", "הודעה זו"),
    *("המידע", "هذه الرسالة", "هذا البريد", "المعلومات", "این پیام", "email này", "thư này"),
    *("email ini", "pesan ini", "surel ini", "อีเมลนี้", "aquest missatge", "aquest correu"),
)
SECRET = (
    *("confiden", "privileg", "vertraulich", "rechtlich geschützt", "geheim", "riservat"),
    *("vertrouwelijk", "konfidenti", "konfidensi", "fortrolig", "sekretess", "luottamuksel"),
    *("poufn", "důvěrn", "dôvern", "bizalmas", "поверителн", "конфиденциал", "конфіденційн"),
    *("εμπιστευτικ", "gizli", "机密", "機密", "保密", "秘密", "기밀", "비밀", "חסוי", "סודי"),
    *("سري", "محرمانه", "bảo mật", "rahasia", "ความลับ", "proprietary"),
)
MEANT = (
    *("intended", "recipient", "addressee", "addressed", "empfänger", "adressat", "bestimmt"),
    *("destin", "geadresseerde", "bestemd", "mottagare", "mottaker", "modtager", "avsedd"),
    *("bestemt", "vastaanottaj", "tarkoitettu", "adresat", "przeznaczon", "určen", "címzett"),
    *("adresát", "получател", "предназначен", "адресат", "призначен", "παραλήπτ", "προορίζ"),
    *("alıcı", "收件人", "收件者", "受信者", "宛先", "수신", "נמען", "مستلم", "المرسل إليه"),
    *("گیرنده", "người nhận", "penerima", "ผู้รับ", "sole use", "solely"),
)
ERRORS = (
    *("in error", "mistake", "unauthori", "disclos", "prohibit", "liab", "notify the", "delete"),
    *("irrtümlich", "fehler", "informieren sie", "löschen sie", "unbefugt", "erreur", "avertir"),
    *("détrui", "interdit", "por error", "prohibid", "por engano", "proibid", "per errore"),
    *("vietat", "abusief", "verwijder", "onbevoegd", "av misstag", "ved en fejl", "ved en feil"),
    *("virheel", "omyłk", "zabronion", "omylem", "zakázán", "tévedés", "din eroare", "interzis"),
    *("по ошибке", "запрещ", "помилково", "заборон", "yanlışlıkla", "误", "誤", "잘못", "בטעות"),
    *("بالخطأ", "virus"),
)

# Virus scanners, and what they say.
SCANNED = (
    *("virus-free", "virus free", "sin virus", "par le logiciel antivirus", "virenfrei"),
    *("sans virus", "libre de virus", "livre de vírus", "privo di virus", "virusvrij", "virusfri"),
    *("virusmentes", "bez wirusów", "bez virů", "без вирусов", "без вірусів"),
    *("checked for viruses", "scanned for viruses", "auf viren", "absence de virus"),
    *("en busca de virus", "em busca de vírus", "verificare la presenza di virus", "op virussen"),
    *("for virus af", "for virus av", "i jakt på virus", "pod kątem wirusów", "obecność wirusów"),
    *("zkontrolován", "ellenőriz", "на наличие вирусов", "на відсутність вірусів"),
    *("virüslere karşı", "ウイルス チェック", "ウイルスチェック", "病毒扫描", "바이러스 검사"),
)
SCANNERS = (
    *("avast", "avg", "norton", "symantec", "messagelabs", "mcafee", "eset", "nod32", "kaspersky"),
    *("bitdefender", "sophos", "mimecast", "barracuda", "mailscanner", "mailguard", "f-secure"),
    *("trend micro", "proofpoint", "avira", "spamfighter", "касперск"),
)
