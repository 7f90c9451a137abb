"""What your pages are made of.

Add a field here, then run `python manage.py makemigrations` and `python manage.py migrate`,
list it under content_panels so that the admin shows it, and use it in the template.
"""

from django.db import models
from django.utils import timezone
from wagtail import blocks
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.images.blocks import ImageBlock
from wagtail.models import Page
from wagtail.search import index

# The building blocks of a text. How each looks is in templates/pages/blocks/.
BODY = [
    ("paragraph", blocks.RichTextBlock(features=["h2", "h3", "bold", "italic", "link", "ol", "ul", "hr", "code", "document-link"])),
    ("picture", ImageBlock(icon="image", template="pages/blocks/picture.html")),
    (
        "quote",
        blocks.StructBlock(
            [("words", blocks.TextBlock()), ("by", blocks.CharBlock(required=False))],
            icon="openquote",
            template="pages/blocks/quote.html",
        ),
    ),
]


def picture():
    """A picture of the image library; deleting it there leaves the page without one."""
    return models.ForeignKey("wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class HomePage(Page):
    """The front page: templates/pages/home_page.html"""

    headline = models.CharField(max_length=120)
    introduction = RichTextField(blank=True, features=["bold", "italic", "link"])
    picture = picture()

    content_panels = [*Page.content_panels, FieldPanel("headline"), FieldPanel("introduction"), FieldPanel("picture")]
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["pages.JournalPage", "pages.TextPage"]
    max_count = 1

    def get_context(self, request, *args, **kwargs):
        context = super().get_context(request, *args, **kwargs)
        context["journal"] = JournalPage.objects.live().first()
        context["posts"] = latest_posts()[:3]
        return context


class JournalPage(Page):
    """All posts, the newest first: templates/pages/journal_page.html"""

    introduction = models.CharField(max_length=250, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["pages.PostPage"]

    def get_context(self, request, *args, **kwargs):
        context = super().get_context(request, *args, **kwargs)
        context["posts"] = latest_posts().child_of(self)
        return context


class PostPage(Page):
    """One post: templates/pages/post_page.html"""

    date = models.DateField(default=timezone.localdate)
    introduction = models.CharField(max_length=250)
    picture = picture()
    body = StreamField(BODY, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("date"), FieldPanel("introduction"), FieldPanel("picture"), FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("introduction"), index.SearchField("body")]
    parent_page_types = ["pages.JournalPage"]
    subpage_types = []

    @property
    def cover(self):
        """The drawing shown while the post has no picture of its own."""
        return f"pages/cover-{self.pk % 3 + 1}.svg"


class TextPage(Page):
    """A page that stands for itself, such as About: templates/pages/text_page.html"""

    introduction = models.CharField(max_length=250, blank=True)
    body = StreamField(BODY, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction"), FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("introduction"), index.SearchField("body")]
    parent_page_types = ["pages.HomePage", "pages.TextPage"]


def latest_posts():
    """Published posts with their pictures, the newest first."""
    return PostPage.objects.live().public().select_related("picture").order_by("-date", "-pk")
