"""A small app of each framework, started and asked for a page: what it loads is what real apps load. Run by preload.py as nobody."""
import asyncio
import io
import sys


def _environ():
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": "", "QUERY_STRING": "a=b", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http", "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False, "REMOTE_ADDR": "",
    }


def _ask(app):
    b"".join(app(_environ(), lambda *_: None))


async def _ask_asgi(app, kind="http"):
    scope = {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/", "root_path": "",
        "scheme": "http", "query_string": b"a=1", "headers": [(b"host", b"x")], "server": ("x", 80), "client": ("x", 1), "state": {},
    }
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(_):
        pass

    await app(scope, receive, send)


def _flask():
    import flask

    app = flask.Flask("berth_play")
    app.secret_key = "play"
    part = flask.Blueprint("part", "berth_play")

    @part.route("/")
    def page():
        flask.session["seen"] = flask.request.args.get("a")
        return flask.render_template_string("{% for n in [1] %}{{ n }}{{ url_for('part.page') }}{% endfor %}")

    app.register_blueprint(part)
    _ask(app)
    with app.app_context():
        flask.jsonify(a=1)


def _starlette():
    from starlette import applications, middleware, responses, routing, staticfiles, templating, testclient, websockets  # noqa: F401

    async def page(_):
        return responses.JSONResponse({"a": 1})

    asyncio.run(_ask_asgi(applications.Starlette(routes=[routing.Route("/", page)])))


def _fastapi():
    import fastapi
    import fastapi.middleware.cors
    import fastapi.responses
    import fastapi.staticfiles  # noqa: F401
    import pydantic

    class Item(pydantic.BaseModel):
        name: str = "x"

    app = fastapi.FastAPI()

    @app.get("/")
    async def page(a: int = 0) -> Item:
        return Item(name=str(a))

    @app.get("/plain")
    def plain():
        return {}

    app.openapi()
    asyncio.run(_ask_asgi(app))


def _pyramid():
    from pyramid.config import Configurator
    from pyramid.response import Response

    config = Configurator()
    config.add_route("page", "/")
    config.add_view(lambda request: Response("x"), route_name="page")
    _ask(config.make_wsgi_app())


def _bottle():
    import bottle

    app = bottle.Bottle()
    app.route("/", callback=lambda: bottle.template("{{a}}", a=1))
    _ask(app)


def all_that_can():
    """Plays whatever is installed; what is not there, or does not work, is left."""
    for play in (_flask, _starlette, _fastapi, _pyramid, _bottle):
        try:
            play()
        except BaseException:  # as nobody, in a process that ends in a moment
            pass
