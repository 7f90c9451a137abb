#!/usr/bin/python3
import sys

sys.path[:0] = ["{root}", "{packages}"]

from wsgiref.handlers import CGIHandler

from wsgi import application

CGIHandler().run(application)
