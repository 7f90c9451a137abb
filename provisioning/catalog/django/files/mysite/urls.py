"""Which address leads where."""

from django.contrib import admin
from django.urls import path

from guestbook import views

urlpatterns = [
    path("", views.front_page, name="front"),
    path("admin/", admin.site.urls),
]
