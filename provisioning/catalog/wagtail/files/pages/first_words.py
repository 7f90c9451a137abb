"""What the first pages say. Read once, when the site is made; change the pages themselves in the admin."""


def text(html):
    return ("paragraph", html)


def quote(words, by=""):
    return ("quote", {"words": words, "by": by})


HOME = {
    "headline": "A quiet place to write things down.",
    "introduction": (
        "<p>Everything on this page is yours to change: sign in, open <b>Pages</b>, and write over what you see here. "
        "Pictures, posts and new pages are a few clicks away.</p>"
    ),
}

JOURNAL = {"title": "Journal", "slug": "journal", "introduction": "Notes, news and longer thoughts, the newest first."}

ABOUT = {
    "title": "About",
    "slug": "about",
    "introduction": "Say in a sentence or two who you are and what people find here.",
    "body": [
        text(
            "<p>Visitors read this page right after the front page. Three things help them: what you do, where you are, "
            "and how to reach you.</p>"
            "<h2>Write it the way you would say it</h2>"
            "<p>Short sentences, your own words, one picture that is really yours. It need not be finished: "
            "a page can be changed as often as you like, and earlier versions are kept.</p>"
        ),
        quote("Begin anywhere.", "John Cage"),
        text("<p>To change this page, sign in and choose <b>Pages › About</b>.</p>"),
    ],
}

POSTS = [
    {
        "title": "Your site is live",
        "slug": "your-site-is-live",
        "introduction": "Where to sign in, what to change first, and where the words you are reading come from.",
        "body": [
            text(
                "<p>This is the first post of your journal. It is stored in your own database, shown by your own copy of Wagtail, "
                "and it goes away when you delete it.</p>"
                "<h2>Three things to do first</h2>"
                "<ol><li>Go to <b>/admin/</b> and sign in with the owner’s name and password you were shown once.</li>"
                "<li>Open <b>Pages</b>, choose the front page and write a headline of your own.</li>"
                "<li>Add a picture to this post. Until then it wears one of three drawings.</li></ol>"
            ),
            quote("Write the first sentence badly. The second one is easier."),
            text(
                "<p>Nothing is public before you press <b>Publish</b>, and every earlier version of a page can be brought back "
                "from its <b>History</b>.</p>"
            ),
        ],
    },
    {
        "title": "How this site is made",
        "slug": "how-this-site-is-made",
        "introduction": "A handful of short files, each with a comment at its top. Learning by changing them is the idea.",
        "body": [
            text(
                "<p>The code is small enough to read in one sitting:</p>"
                "<ul><li><code>pages/models.py</code> says what a page is made of: a date, an introduction, a text.</li>"
                "<li><code>pages/templates/pages/</code> says how each kind of page looks, in plain HTML.</li>"
                "<li><code>pages/static/pages/site.css</code> holds colours and type. The first twenty lines change nearly everything.</li>"
                "<li><code>mysite/settings.py</code> is Django’s list of settings.</li></ul>"
                "<h2>Change something small</h2>"
                "<p>Try the accent colour in <code>site.css</code>, then run <code>python manage.py collectstatic</code>. "
                "After a change in a Python file or a template, restart the app.</p>"
            )
        ],
    },
    {
        "title": "Words first, pictures second",
        "slug": "words-first",
        "introduction": "Why the pages look the way they do: one column, large type, and room around everything.",
        "body": [
            text(
                "<p>A line of about sixty-five characters is easy to read, so the text stays in one narrow column however wide the window. "
                "Headlines use the serif your reader already has. Nothing is loaded from elsewhere, so pages open at once and nobody is followed.</p>"
                "<p>In the evening the colours turn dark when the reader’s system does.</p>"
            ),
            quote("Perfection is achieved when there is nothing left to take away.", "Antoine de Saint-Exupéry"),
        ],
    },
]
