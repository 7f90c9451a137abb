"""What is stored: one table in your database for each class.

After a change: `python manage.py makemigrations`, then `python manage.py migrate`.
"""

from django.db import models


class Entry(models.Model):
    """One line in the guestbook."""

    name = models.CharField("Your name", max_length=60)
    message = models.TextField("Your message", max_length=500)
    written = models.DateTimeField(auto_now_add=True)
    shown = models.BooleanField(default=True, help_text="Untick to hide the entry without deleting it.")

    class Meta:
        ordering = ["-written", "-pk"]
        verbose_name_plural = "entries"

    def __str__(self):
        return f"{self.name}: {self.message[:40]}"
