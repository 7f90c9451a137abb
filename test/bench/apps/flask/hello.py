from flask import Flask

application = Flask(__name__)


@application.get("/")
def front():
    return "<h1>Hello</h1>"
