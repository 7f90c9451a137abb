"""A small Flask app. Each function below answers one address; restart the app after a change."""

import os

from flask import Flask, jsonify, render_template, request
from werkzeug.middleware.proxy_fix import ProxyFix

import visits
from settings import SITE_NAME

# Files below public/ are served by nginx, so a changed style sheet is live at once.
app = Flask(__name__, static_folder="public/static", static_url_path="/static")
app.secret_key = os.environ.get("SECRET_KEY", "only-for-my-own-computer")
app.config["SESSION_COOKIE_SECURE"] = os.environ.get("BERTH_URL", "").startswith("https:")
# Answer only to the host names this app has.
app.config["TRUSTED_HOSTS"] = [name for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name] or None
# nginx stands in front; it tells the visitor's address, scheme and host in headers it always sets itself.
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)


@app.context_processor
def everywhere():
    """What every template may use."""
    return {"site_name": SITE_NAME}


@app.get("/")
def front_page():
    count = visits.add()
    print(f"Somebody looked at {request.path}")  # you find this line under Log
    return render_template("front_page.html", count=count, kept=visits.KEPT)


@app.get("/api/hello")
def hello():
    """JSON is one line: return a dict. Try /api/hello?name=Ada"""
    name = request.args.get("name", "world")[:60]
    return jsonify(hello=name, visits=visits.count())


@app.errorhandler(404)
def nothing_here(error):
    return render_template("404.html"), 404


@app.errorhandler(500)
def went_wrong(error):
    return render_template("500.html"), 500


if __name__ == "__main__":
    # Only on your own computer: python app.py
    app.run(debug=True)
