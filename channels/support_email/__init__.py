"""The e-mail channel: mailboxes that are fetched by IMAP and answer by SMTP.

``plugin`` is what the core loads. Every mail goes through a ledger (``ledger``); where it belongs
is told by signed tokens and Message-IDs (``placing``); replies leave at most once (``sending``).
``reading`` knows mails as bytes and nothing of the desk; ``reader`` reads them in a process of its
own, and therefore nothing is imported here.
"""
