"""django-helpdesk in a venv and a project of its own, as its installation guide sets it up.

Two choices are in its favour: it logs nothing, and the mails by which it would tell each sender
and the queue's staff of a new ticket go to Django's dummy backend instead of a mail server.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
SECRET_KEY = "bench"
DEBUG = False
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.humanize", "django.contrib.messages", "django.contrib.sessions",
    "django.contrib.sites", "django.contrib.staticfiles",
    "rest_framework", "helpdesk",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.contrib.auth.context_processors.auth",
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
ROOT_URLCONF = "urls"
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
HELPDESK_TEAMS_MODE_ENABLED = False
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
"""

URLS = """
from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
"""

PROGRAM = """
import json, sys, time
import django
django.setup()
from django.core.management import call_command
from helpdesk.models import FollowUp, FollowUpAttachment, Queue, Ticket
Queue.objects.create(
    title="Support", slug="support", allow_email_submission=True, email_box_interval=0,
    logging_type="none", **json.loads(sys.argv[1])
)
began, cpu = time.perf_counter(), time.process_time()
call_command("get_email", quiet=True)
seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
print(json.dumps({
    "seconds": seconds, "cpu": cpu,
    "tickets": Ticket.objects.count(), "mails": FollowUp.objects.count(),
    "files": FollowUpAttachment.objects.count(),
}))
"""


class DjangoHelpdesk:
    """The venv, made once; :meth:`import_mails` sets up a project of its own each time."""

    def __init__(self, folder: Path) -> None:
        """Install the latest release, and psycopg, from PyPI."""
        self._folder = folder
        self._python = folder / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self._run("-m", "pip", "install", "--quiet", "django-helpdesk", "psycopg[binary]")
        said = self._run(
            "-c",
            "from importlib.metadata import version as of; "
            "print('django-helpdesk', of('django-helpdesk') + ', Django', of('Django'))",
        )
        self.version = said.strip()

    def import_mails(self, name: str, database: dict[str, Any], queue: dict[str, Any]) -> Any:
        """Fetch a queue's mails into a new database with ``manage.py get_email``.

        Return its ``seconds``, without the start of Python, those on a processor (``cpu``), and
        how many ``tickets``, ``mails`` and ``files`` there are then.
        """
        project = self._folder / name
        project.mkdir()
        given = {"DATABASES": {"default": database}, "MEDIA_ROOT": str(project / "media")}
        lines = [f"{key} = {value!r}\n" for key, value in given.items()]
        (project / "settings.py").write_text(SETTINGS + "".join(lines))
        (project / "urls.py").write_text(URLS)
        self._run("-m", "django", "migrate", "--verbosity=0", project=project)
        self._run("-m", "django", "loaddata", "--verbosity=0", "emailtemplate", project=project)
        said = self._run("-W", "ignore", "-c", PROGRAM, json.dumps(queue), project=project)
        return json.loads(said.splitlines()[-1])

    def _run(self, *arguments: str, project: Path | None = None) -> str:
        environment = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "settings"}
        found = subprocess.run(
            [self._python, *arguments],
            cwd=project or self._folder,
            env=environment | ({"PYTHONPATH": str(project)} if project else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode:
            raise SystemExit(f"django-helpdesk: {found.stderr}")
        return found.stdout
