from wsgi import application
