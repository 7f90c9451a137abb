import datetime

from django.shortcuts import render


def front(request):
    now = datetime.datetime(2026, 1, 1)
    rows = [{"name": f"thing number {n}", "price": n * 1.25, "seen": now} for n in range(20)]
    return render(request, "front.html", {"rows": rows, "now": now})
