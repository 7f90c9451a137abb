"""Modules of Django's own apps that cannot be imported without settings, made beforehand and handed out where that equals an import.

Their models are the larger half of what a waking project does. A zygote imports them once, as `startproject`'s settings would,
takes everything back that this changed (undo.py), and keeps the modules. A child hands them out at the moment in which Django
would import them, and only if the project could not tell the difference: Django's own app configurations, no user model of its
own, nothing in its settings that a model reads while it is made, nobody who wants to hear of new models, and nothing replaced of
what makes models. In every other case nothing is handed out and the import goes its ordinary way.
"""
import importlib
import sys
from importlib.machinery import ModuleSpec

CONTRIB = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
_LABELS = ("contenttypes", "auth", "sessions", "admin")
# Imported in this order once the models stand, the larger first: what one of them brings along is handed out with it.
_MORE = (
    "auth.views", "auth.forms", "auth.backends", "auth.middleware", "contenttypes.views", "contenttypes.forms", "contenttypes.fields",
)
_MAKING = ("__new__", "__init__", "add_to_class", "_prepare", "contribute_to_class", "add_field", "add_manager")
_WHERE = (
    "django.db.models.base", "django.db.models.options", "django.db.models.manager", "django.db.models.fields", "django.forms.models",
    "django.forms.forms", "django.forms.fields",
)


def _makers():
    """The functions that run while a model or a form is made: (class, name, function)."""
    found = []
    for module in (sys.modules[name] for name in _WHERE):
        for owner in list(vars(module).values()):
            if isinstance(owner, type) and owner.__module__ == module.__name__:
                found += [(owner, name, vars(owner)[name]) for name in _MAKING if name in vars(owner)]
    return found


class Shelf:
    """The modules that stand ready, and how to tell whether they may be used."""

    def __init__(self, registry, signal):
        self.registry, self.signal = registry, signal
        self.modules, self.specs, self.along, self.models = {}, {}, {}, []
        self.configs, self.makers, self.listeners = {}, (), 0
        self.given = False

    # In the zygote

    def fill(self):
        """Imports everything, as a project with these apps would. The caller takes back what this changes."""
        from django.apps import apps

        self._put("", [name for name in sys.modules if name not in self.before])
        self.models = [(label, model) for label in _LABELS for model in apps.all_models[label].values()]
        for short in _MORE:
            name, before = "django.contrib." + short, set(sys.modules)
            if name not in before:
                importlib.import_module(name)
                self._put(name, [new for new in sys.modules if new not in before])

    def open(self):
        """Before anything is imported: what it will be compared with."""
        self.before = set(sys.modules)
        self.makers, self.listeners = _makers(), len(self.signal.receivers)
        for label in _LABELS:
            module = sys.modules[f"django.contrib.{label}.apps"]
            names = ("AdminConfig", "SimpleAdminConfig", "AuthConfig", "ContentTypesConfig", "SessionsConfig")
            self.configs[label] = [vars(module)[name] for name in names if name in vars(module)]

    def _put(self, name, names):
        self.along[name] = names
        for new in names:
            self.modules[new], self.specs[new] = sys.modules[new], sys.modules[new].__spec__

    def close(self):
        """After everything is taken back: models forget what they worked out about one another."""
        self.before = None
        for _, model in self.models:
            model._meta._expire_cache()

    # In a child

    def find_spec(self, name, path=None, target=None):
        """The finder's side of sys.meta_path."""
        if name not in self.modules:
            return None
        if not self.given and not self.fits():
            self._drop()
            return None
        return ModuleSpec(name, self)

    def fits(self):
        """Whether this project's own import would come to the same."""
        from django.apps import apps
        from django.conf import settings

        if apps is not self.registry or not apps.apps_ready or not settings.configured:
            return False
        return (
            settings.AUTH_USER_MODEL == "auth.User" and settings.DEFAULT_TABLESPACE == "" and not settings.ABSOLUTE_URL_OVERRIDES
            and all(self._plain(apps.app_configs.get(label), kinds) for label, kinds in self.configs.items())
            and not any(apps.all_models.get(label) for label in _LABELS)
            and not any(name in sys.modules for name in self.modules)
            and len(self.signal.receivers) == self.listeners
            and all(vars(owner).get(name) is made for owner, name, made in self.makers)
        )

    def _drop(self):
        """Nothing is handed out: models that nobody asked for shall not show among the subclasses of Model either."""
        gone = type("Gone", (), {})
        for owner in sys.modules["django.db.models"].Model.__subclasses__():
            if owner.__module__ in self.modules:
                type.__setattr__(owner, "__bases__", (gone,))
        self.modules = {}

    def _plain(self, config, kinds):
        # A session's key is not automatic, so what that app says of such keys does not matter.
        keys = config is not None and (config.label == "sessions" or config.default_auto_field == "django.db.models.AutoField")
        return keys and type(config) in kinds

    def _give_models(self):
        self.given = True
        self._place(self.along.pop(""))
        for label, model in self.models:
            self.registry.register_model(label, model)

    def _place(self, names):
        for name in names:
            module = self.modules.pop(name, None)
            if module is not None and name not in sys.modules:
                sys.modules[name] = module
                parent, _, own = name.rpartition(".")
                setattr(sys.modules[parent], own, module)

    def create_module(self, spec):
        """The loader's side. Only here, not in find_spec: a module that appears there is taken for one that its parent loaded."""
        module = self.modules[spec.name]
        if not self.given:
            self._give_models()
        self._place(self.along.get(spec.name, [spec.name]))
        return module

    def exec_module(self, module):
        """The module has run already; it only gets its own spec back."""
        module.__spec__ = self.specs[module.__name__]


def make():
    """A filled shelf, or None where Django's apps cannot be made so. The caller takes back everything else."""
    from django.apps import apps
    from django.db.models.signals import class_prepared

    shelf = Shelf(apps, class_prepared)
    shelf.open()
    # Not AdminConfig: it would import what registers itself with the admin site.
    apps.populate(["django.contrib.admin.apps.SimpleAdminConfig", *(f"django.contrib.{name}" for name in CONTRIB[1:])])
    shelf.fill()
    return shelf
