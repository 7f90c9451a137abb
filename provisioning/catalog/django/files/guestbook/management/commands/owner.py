"""python manage.py owner: makes the account that may do everything, or gives it the password of the environment."""

import os

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Makes the owner's account from DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD. A second run is fine."

    def handle(self, **options):
        try:
            name, email, password = (os.environ[f"DJANGO_SUPERUSER_{key}"] for key in ("USERNAME", "EMAIL", "PASSWORD"))
        except KeyError as missing:
            raise CommandError(f"Set {missing.args[0]} in the environment.") from None
        user, made = get_user_model().objects.get_or_create(username=name, defaults={"email": email})
        user.is_active = user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save()
        self.stdout.write(f"{'Made' if made else 'Kept'} the account {name}.")
