"""What happens when somebody opens an address. mysite/urls.py says which function answers which."""

from django.conf import settings
from django.forms import ModelForm, Textarea
from django.shortcuts import redirect, render

from .models import Entry


class EntryForm(ModelForm):
    """Made from the model: the labels, the lengths and the checks come from there."""

    class Meta:
        model = Entry
        fields = ["name", "message"]
        widgets = {"message": Textarea(attrs={"rows": 3})}


def front_page(request):
    """GET shows the page, POST stores an entry first."""
    form = EntryForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        entry = form.save()
        # You find this line under Log. !r keeps a name from pretending to be more than one line.
        print(f"{entry.name!r} wrote in the guestbook")
        # Going back to the page keeps a reload from writing the entry twice.
        return redirect("/#guestbook")
    return render(
        request,
        "guestbook/front_page.html",
        {"site_name": settings.SITE_NAME, "form": form, "entries": Entry.objects.filter(shown=True)[:20]},
    )
