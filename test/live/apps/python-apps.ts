/** One real application: what it is installed with, its files, and how its slot is declared. */
export interface App {
  files: Record<string, string>;
  slot: Record<string, unknown>;
}

const wsgi = (code: string, more: Record<string, unknown> = {}): App => ({ files: { 'app.py': code }, slot: { kind: 'wsgi', ...more } });
const asgi = (code: string): App => ({ files: { 'app.py': code }, slot: { kind: 'asgi' } });

const DJANGO = `
from django.conf import settings
settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, INSTALLED_APPS=["django.contrib.contenttypes"])
from django.http import HttpResponse
from django.urls import path
def hello(request):
    return HttpResponse(request.method + " django " + request.POST.get("word", ""))
urlpatterns = [path("hello", hello)]
`;

/** What PyPI is asked for. */
export const PACKAGES = ['Django', 'Flask', 'fastapi', 'pyramid', 'bottle', 'CherryPy', 'Zope'];

/** Every app answers GET and POST on /hello with the method, its framework's name and the word that was sent. */
export const APPS: Record<string, App> = {
  django: wsgi(`${DJANGO}
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
`),
  'django-asgi': asgi(`${DJANGO}
from django.core.asgi import get_asgi_application
application = get_asgi_application()
`),
  flask: wsgi(
    `
from flask import Flask, request
application = Flask(__name__)
@application.route("/hello", methods=["GET", "POST"])
def hello(): return request.method + " flask " + request.form.get("word", "")
`,
    { threads: 3 },
  ),
  fastapi: asgi(`
from contextlib import asynccontextmanager
from urllib.parse import parse_qs
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import PlainTextResponse
@asynccontextmanager
async def lifespan(app):
    app.state.word = "fastapi"
    yield
    print("fastapi went to sleep in order", flush=True)
application = FastAPI(lifespan=lifespan)
@application.api_route("/hello", methods=["GET", "POST"], response_class=PlainTextResponse)
async def hello(request: Request):
    return request.method + " " + request.app.state.word + " " + parse_qs((await request.body()).decode()).get("word", [""])[0]
@application.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    while True: await socket.send_text(socket.client.host + " " + socket.url.hostname + " " + await socket.receive_text())
`),
  pyramid: wsgi(`
from pyramid.config import Configurator
from pyramid.response import Response
def hello(request): return Response(request.method + " pyramid " + request.POST.get("word", ""))
with Configurator() as config:
    config.add_route("hello", "/hello")
    config.add_view(hello, route_name="hello")
    application = config.make_wsgi_app()
`),
  bottle: wsgi(`
import bottle
@bottle.route("/hello", method=["GET", "POST"])
def hello(): return bottle.request.method + " bottle " + bottle.request.forms.get("word", "")
application = bottle.default_app()
`),
  cherrypy: wsgi(`
import atexit, cherrypy
cherrypy.config.update({"environment": "embedded", "log.screen": False})
cherrypy.server.unsubscribe()
cherrypy.engine.start()
atexit.register(cherrypy.engine.stop)
class Root:
    @cherrypy.expose
    def hello(self, word=""): return cherrypy.request.method + " cherrypy " + word
application = cherrypy.tree.mount(Root(), "/")
`),
  zope: wsgi(`
import os
from Products.Five.browser import BrowserView
from Zope2.Startup.run import make_wsgi_app
from OFS.interfaces import IApplication
from zope.component import provideAdapter
from zope.interface import Interface
class Hello(BrowserView):
    "A page."
    __roles__ = None
    def __call__(self):
        "Answers."
        return self.request.method + " zope " + self.request.form.get("word", "")
here = os.path.dirname(os.path.abspath(__file__))
os.makedirs(here + "/var", exist_ok=True)
with open(here + "/zope.conf", "w") as file:
    file.write("instancehome %s\\n<zodb_db main>\\n<filestorage>\\npath %s/var/Data.fs\\n</filestorage>\\nmount-point /\\n</zodb_db>\\n" % (here, here))
application = make_wsgi_app({}, here + "/zope.conf")
provideAdapter(Hello, (IApplication, Interface), Interface, name="hello")
`),
};

/** A passenger_wsgi.py as the panels' own manuals have it, for a virtual environment of its own. */
export const passenger = (version: string): App => ({
  files: {
    'passenger_wsgi.py': `
import os, sys
INTERP = os.path.join(os.environ["HOME"], "virtualenv", "old", "${version}", "bin", "python${version}")
if sys.executable != INTERP: os.execl(INTERP, INTERP, *sys.argv)
sys.path.insert(0, os.path.dirname(__file__))
import imp
wsgi = imp.load_source("wsgi", "app.py")
application = wsgi.app
`,
    'app.py': `
import os, sys
from urllib.parse import parse_qs
from only_there import WORD
NAME = open("name.txt").read().strip()
assert sys.executable.endswith("/virtualenv/old/${version}/bin/python${version}"), sys.executable
def app(environ, start):
    assert os.getcwd() == os.path.dirname(os.path.abspath(__file__)) and not any(key.startswith("PASSENGER") for key in environ)
    form = parse_qs(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
    start("200 OK", [("Content-Type", "text/plain")])
    return [" ".join([environ["REQUEST_METHOD"], NAME, form.get("word", [""])[0]]).encode()]
`,
    'name.txt': 'passenger\n',
  },
  slot: { kind: 'wsgi', entry: 'passenger_wsgi:application' },
});
