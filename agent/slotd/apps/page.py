"""What a visitor sees when an app cannot answer: calm, self-contained, without a stack trace."""
import math

_STYLE = (
    ":root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:1.05rem/1.6 system-ui,sans-serif;background:#f6f8fb;color:#182433}main{max-width:32rem;padding:2rem}"
    "h1{font-size:1.5rem;line-height:1.3;margin:0 0 .5rem}p{margin:.5rem 0;color:#49566c}"
    "@media(prefers-color-scheme:dark){body{background:#151f2c;color:#dce1e7}p{color:#a5afbd}}"
)


def _html(title, *sentences):
    text = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{text}</main></body></html>"
    ).encode()


def _answer(status, body, kind, more=""):
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + body


def resting(seconds):
    """503 while an app could not start; `seconds` until the next try."""
    wait = max(1, math.ceil(seconds))
    body = _html("This app could not start", "Its owner can see why in the log.", "Please try again in a little while.")
    return _answer("503 Service Unavailable", body, "text/html; charset=utf-8", f"Retry-After: {wait}\r\n")


def broken():
    """500 when an app raised an exception before it answered."""
    body = _html("This page could not be made", "The app met an error. Its owner can see why in the log.")
    return _answer("500 Internal Server Error", body, "text/html; charset=utf-8")


def plain(status):
    """A refusal of a request that is not right."""
    return _answer(status, status.encode() + b"\n", "text/plain; charset=utf-8")
