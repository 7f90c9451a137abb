"""How the guestbook appears at /admin/."""

from django.conf import settings
from django.contrib import admin

from .models import Entry

admin.site.site_header = admin.site.site_title = settings.SITE_NAME


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["name", "message", "written", "shown"]
    list_editable = ["shown"]
    search_fields = ["name", "message"]
