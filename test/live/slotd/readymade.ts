/** Files of a project, by path. */
export type Project = Record<string, string>;

const SETTINGS = `
SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
CONTRIB = ["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")]
INSTALLED_APPS = ["shop", *CONTRIB]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
`;

const MODELS = `
from django.conf import settings
from django.db import models
class Thing(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="things")
    kind = models.ForeignKey("contenttypes.ContentType", models.CASCADE, null=True)
    name = models.CharField(max_length=20)
`;

// Everything a project can see of its models, signals, site and database, and a visitor's way into the admin.
const WSGI = `
import json, os, sys, warnings
warnings.simplefilter("error")
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.wsgi import get_wsgi_application
inner = get_wsgi_application()

def field(f):
    return [f.name, type(f).__module__, type(f).__name__, getattr(f, "column", None), getattr(f, "max_length", None),
        str(getattr(f, "verbose_name", "")), str(getattr(f, "db_type", lambda c: "")(connection)) if f.concrete else "",
        len(getattr(f, "validators", [])), f.related_model._meta.label if f.is_relation and f.related_model else None]

def tell():
    global connection
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.core import checks
    from django.core.management import call_command
    from django.db import connection, models
    from django.db.models import signals
    from django.test import Client
    told = {"models": [
        [m._meta.label, m._meta.db_table, str(m._meta.verbose_name), [field(f) for f in m._meta.get_fields(include_hidden=True)],
         [x.name for x in m._meta.managers], sorted(m._meta.default_permissions), str(m._meta.swapped), str(m._meta.ordering),
         sorted(n for n in vars(m) if not n.startswith("__")), m._meta.app_config.label]
        for m in apps.get_models(include_auto_created=True, include_swapped=True)]}
    told["all"] = {label: list(found) for label, found in apps.all_models.items() if found}
    told["pending"] = [str(key) for key in apps._pending_operations]
    told["known"] = sorted(m._meta.label + str(m._meta.abstract) for m in models.Model.__subclasses__() if m.__module__ != "__fake__")
    told["signals"] = {name: len(s.receivers) for name, s in sorted(vars(signals).items()) if hasattr(s, "receivers")}
    told["checks"] = [str(m) for m in checks.run_checks()]
    told["files"] = sorted(n for n, m in sys.modules.items() if n.startswith("django.contrib") and m.__spec__.name != n)
    call_command("makemigrations", "shop", verbosity=0, interactive=False, dry_run=True)
    call_command("migrate", verbosity=0, run_syncdb=True)
    User = get_user_model()
    boss = User.objects.create_superuser(username="boss", email="boss@example.org", password="pw")
    told["user"] = [User._meta.label, User.__module__, boss.check_password("pw"), boss.has_perm("shop.add_thing"), str(boss.things.all().query)]
    if apps.is_installed("django.contrib.admin"):
        from django.contrib import admin
        told["site"] = sorted(m._meta.label for m in admin.site._registry)
        client = Client()
        told["login"] = client.login(username="boss", password="pw")
        told["pages"] = [client.get(path).status_code for path in ("/admin/", "/admin/auth/group/add/", "/admin/password_change/")]
    told["extra"] = sorted(set(getattr(sys.modules.get("shop"), "HEARD", [])))
    return told

def application(environ, start):
    shelves = [f for f in sys.meta_path if type(f).__name__ == "Shelf"]
    body = json.dumps({"given": shelves[0].given if shelves else None, "told": tell()}, sort_keys=True)
    start("200 OK", [("Content-Type", "application/json")])
    return [body.encode()]
`;

/** The project all variants start from. */
export const FILES: Project = {
  'settings.py': SETTINGS,
  'urls.py': 'from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path("admin/", admin.site.urls)]\n',
  'wsgi.py': WSGI,
  'shop/__init__.py': '',
  'shop/models.py': MODELS,
};

const OWN_USER = `${MODELS}
from django.contrib.auth.models import AbstractUser
class Person(AbstractUser):
    nick = models.CharField(max_length=30)
`;

const LISTENS = `
HEARD = []
from django.db.models.signals import class_prepared
def heard(sender, **more): HEARD.append(sender._meta.label)
class_prepared.connect(heard)
`;

const PATCHES = `
from django.db.models import CharField
made = CharField.__init__
def longer(self, *arguments, **more):
    if more.get("max_length") == 150: more["max_length"] = 200
    made(self, *arguments, **more)
CharField.__init__ = longer
`;

const TABLES = `${SETTINGS}
DEFAULT_TABLESPACE = "fast"
`;

const NO_ADMIN = `${SETTINGS}
INSTALLED_APPS = ["shop", "django.contrib.contenttypes", "django.contrib.auth"]
MIDDLEWARE = []
ROOT_URLCONF = "shop"
`;

const ALSO_A_USER = `${MODELS}
from django.contrib.auth.models import AbstractUser
class Guest(AbstractUser):
    groups = user_permissions = None
    until = models.DateField(null=True)
`;

/** What projects do, and whether the ready-made modules are handed out then. */
export const VARIANTS: Record<string, { files: Project; ready: boolean }> = {
  'a project as startproject makes it': { files: {}, ready: true },
  'a second kind of user beside the first': { files: { 'shop/models.py': ALSO_A_USER }, ready: true },
  'a user model of its own': {
    files: { 'settings.py': `${SETTINGS}\nAUTH_USER_MODEL = "shop.Person"\n`, 'shop/models.py': OWN_USER },
    ready: false,
  },
  'a listener for new models': { files: { 'shop/__init__.py': LISTENS }, ready: false },
  'a field that is patched while the project starts': { files: { 'shop/__init__.py': PATCHES }, ready: false },
  'tables in another place': { files: { 'settings.py': TABLES }, ready: false },
  'a project without the admin': { files: { 'settings.py': NO_ADMIN, 'shop/__init__.py': 'urlpatterns = []\n' }, ready: false },
  'a package of its own called sqlparse': { files: { 'sqlparse/__init__.py': 'split = lambda text: [text]\nMINE = 1\n' }, ready: true },
};
