"""python manage.py welcome: the first pages of a new site. It never touches a page that is already there."""

from datetime import timedelta
from urllib.parse import urlsplit

import berth
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, Site

from pages import first_words
from pages.models import HomePage, JournalPage, PostPage, TextPage


class Command(BaseCommand):
    help = "Makes the first pages if there are none, and tells Wagtail the site's address. A second run is fine."

    # All or nothing: a run that was cut off leaves no half of a site.
    @transaction.atomic
    def handle(self, **options):
        home = HomePage.objects.first() or self.first_pages()
        site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True, root_page=home, hostname="")
        address = urlsplit(berth.URL)
        # An address of the app that you chose yourself in the admin stays; one the app does not answer to is mended.
        if site.hostname == address.hostname or site.hostname not in berth.HOSTS:
            site.hostname = address.hostname
            site.port = address.port or (443 if address.scheme == "https" else 80)
        site.site_name = site.site_name or settings.WAGTAIL_SITE_NAME
        site.save()
        self.stdout.write(f"{site.site_name} is at {site.root_url}")

    def first_pages(self):
        # Wagtail begins with a placeholder in the place of the front page.
        for page in Page.objects.filter(depth=2, slug="home"):
            page.delete()
        root = Page.get_first_root_node()
        home = root.add_child(instance=HomePage(title=settings.WAGTAIL_SITE_NAME, slug="home", **first_words.HOME))
        journal = home.add_child(instance=JournalPage(show_in_menus=True, **first_words.JOURNAL))
        home.add_child(instance=TextPage(show_in_menus=True, **first_words.ABOUT))
        today = timezone.localdate()
        # The first of the list is the newest; written last, so that it also has the highest number.
        for days, words in reversed(list(enumerate(first_words.POSTS))):
            journal.add_child(instance=PostPage(date=today - timedelta(days=days), **words))
        return home
